// More of each thing than a run may have.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "selftest/probes/probe.h"

namespace sb::selftest::probes {
namespace {

constexpr std::size_t piece = std::size_t{1} << 20;

[[noreturn]] void burn_cpu() {
  for (;;) {
    __asm__ volatile("" ::: "memory");  // Why: a loop without any effect may be left out.
  }
}

// A child burns in a session of its own whose parent has gone.
int burn_detached() {
  if (::fork() == 0) {
    (void)::setsid();
    if (::fork() == 0) {
      burn_cpu();
    }
    ::_exit(0);
  }
  stay();
}

int eat_memory() {
  for (long eaten = 0;; ++eaten) {
    void* const place =
        ::mmap(nullptr, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) {
      tell("refused_after_mib", eaten);
      return 0;
    }
    std::memset(place, 1, piece);
    if (eaten >= 1024) {
      tell("ate_mib", eaten);
      return 0;
    }
  }
}

int fork_until_refused() {
  for (int made = 0; made < 4096; ++made) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      stay();
    }
    if (pid < 0) {
      tell("refused", errno_name(errno));
      tell("made", made);
      return 0;
    }
  }
  tell("made", 4096);
  return 0;
}

// Each process leaves its parent and its session; every other one stops itself.
int bomb() {
  tell("burning", 1);
  (void)::signal(SIGCHLD, SIG_IGN);
  for (unsigned round = 0;; ++round) {
    if (::fork() != 0) {
      continue;
    }
    (void)::setsid();
    if (::fork() > 0) {
      ::_exit(0);
    }
    if (round % 2 == 0) {
      (void)::raise(SIGSTOP);
    }
  }
}

int flood() {
  const std::string text(4096, 'y');
  for (long kib = 0; kib < 65536; kib += 4) {
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) {
      tell("refused", errno_name(errno));
      return 0;
    }
  }
  return 0;
}

int fill(const char* path, long most_mib) {
  const int fd = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    tell("no_file", errno_name(errno));
    return 0;
  }
  const std::string text(65536, 'z');
  long written = 0;
  for (; written < most_mib << 20; written += static_cast<long>(text.size())) {
    if (::write(fd, text.data(), text.size()) < 0) {
      tell("refused", errno_name(errno));
      break;
    }
  }
  tell("written", written);
  return 0;
}

int open_many() {
  int open = 3;
  for (; open < 4096 && ::fcntl(0, F_DUPFD_CLOEXEC, 0) >= 0; ++open) {
  }
  tell("refused", open < 4096 ? errno_name(errno) : "");
  tell("open", open);
  return 0;
}

// Why without sanitizers: they would lay the frame elsewhere.
__attribute__((noinline, no_sanitize("address", "undefined"))) int deepen(int depth) {
  std::array<char, 65536> frame;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  __asm__ volatile("" : : "r"(frame.data()) : "memory");  // Why: so that it is really there.
  frame[0] = static_cast<char>(depth);
  const int deeper = depth > 0 ? deepen(depth - 1) : 0;
  __asm__ volatile("" : : "r"(frame.data()) : "memory");
  return deeper + frame[0];
}

// 32 MiB, which ends by SIGSEGV below that.
int deep_stack() {
  (void)::signal(SIGSEGV, SIG_DFL);
  tell("descending", 1);
  tell("depth", deepen(512));
  return 0;
}

}  // namespace

int use_up(Arguments arguments) {
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (what == "wall_time") {
    stay();
  }
  if (what == "cpu_time") {
    return burn_detached();
  }
  if (what == "memory") {
    return eat_memory();
  }
  if (what == "processes") {
    return fork_until_refused();
  }
  if (what == "bomb") {
    return bomb();
  }
  if (what == "output") {
    return flood();
  }
  if (what == "file_size") {
    return fill("/tmp/file", 16);
  }
  if (what == "disk") {
    return fill("/tmp/disk", 64);
  }
  if (what == "open_files") {
    return open_many();
  }
  return what == "stack" ? deep_stack() : 2;
}

}  // namespace sb::selftest::probes
