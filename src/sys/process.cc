#include "sys/process.h"

#include <array>
#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include "base/units.h"
#include "sys/files.h"

namespace sb::sys {
namespace {

// Kernel: P_PIDFD since 5.4; glibc 2.36 has it as an enumerator.
std::optional<WaitStatus> reap(FdRef pidfd, int options) {
  siginfo_t info{};
  for (;;) {
    const int failed =
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd.number()), &info, WEXITED | options);
    if (failed != 0 && errno == EINTR) {
      continue;
    }
    if (failed != 0 || info.si_pid == 0) {
      return std::nullopt;
    }
    return info.si_code == CLD_EXITED ? WaitStatus::for_exit_code(info.si_status)
                                      : WaitStatus::for_signal(info.si_status);
  }
}

}  // namespace

std::optional<int> WaitStatus::exit_code() const {
  return WIFEXITED(raw_) ? std::optional(WEXITSTATUS(raw_)) : std::nullopt;
}

std::optional<int> WaitStatus::fatal_signal() const {
  return WIFSIGNALED(raw_) ? std::optional(WTERMSIG(raw_)) : std::nullopt;
}

bool WaitStatus::dumped_core() const { return WIFSIGNALED(raw_) && WCOREDUMP(raw_); }

std::optional<std::int64_t> Pidfd::pid() const {
  const std::string text = read_file(fmt::format("/proc/self/fdinfo/{}", fd_.number()), 1024).data;
  const std::size_t start = text.find("\nPid:\t");
  const std::size_t end = text.find('\n', start + 1);
  if (start == std::string::npos || end == std::string::npos) {
    return std::nullopt;
  }
  const auto pid = parse_unsigned(std::string_view(text).substr(start + 6, end - start - 6));
  return pid ? std::optional(static_cast<std::int64_t>(*pid)) : std::nullopt;
}

int Pidfd::send_signal(int number) const {
  // Kernel: pidfd_send_signal since 5.1; glibc 2.36 declares it in sys/pidfd.h.
  return ::syscall(SYS_pidfd_send_signal, fd_.number(), number, nullptr, 0) == 0 ? 0 : errno;
}

std::optional<WaitStatus> Pidfd::wait_nohang() const { return reap(fd_.ref(), WNOHANG); }

std::optional<WaitStatus> Pidfd::end() const { return reap(fd_.ref(), WNOHANG | WNOWAIT); }

std::optional<WaitStatus> Pidfd::wait(int ms) const {
  const std::uint64_t end_ns = monotonic_ns() + static_cast<std::uint64_t>(ms) * 1'000'000;
  for (;;) {
    const std::uint64_t now_ns = monotonic_ns();
    const int left_ms =
        now_ns >= end_ns ? 0 : static_cast<int>((end_ns - now_ns + 999'999) / 1'000'000);
    pollfd readable{.fd = fd_.number(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&readable, 1, left_ms);
    if (ready > 0 || (ready == 0 && left_ms == 0)) {
      return wait_nohang();
    }
    if (ready < 0 && errno != EINTR) {
      return std::nullopt;
    }
  }
}

std::uint64_t monotonic_ns() {
  timespec now{};
  // Kernel: CLOCK_MONOTONIC can't fail on Linux.
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

int thread_count() {
  struct ::stat status {};
  // Kernel: the link count of /proc/PID/task is the number of threads plus two.
  return ::stat("/proc/self/task", &status) == 0 ? static_cast<int>(status.st_nlink) - 2 : 0;
}

Result<Fd> take_signals() {
  sigset_t all;
  (void)::sigfillset(&all);
  if (::sigprocmask(SIG_BLOCK, &all, nullptr) != 0) {
    return Error(Tag::internal, "blocking signals", errno);
  }
  struct ::sigaction action {};
  action.sa_handler = SIG_IGN;
  (void)::sigaction(SIGPIPE, &action, nullptr);
  action.sa_handler = SIG_DFL;
  (void)::sigaction(SIGCHLD, &action, nullptr);
  sigset_t wanted;
  (void)::sigemptyset(&wanted);
  for (const int number :
       {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT}) {
    (void)::sigaction(number, &action, nullptr);
    (void)::sigaddset(&wanted, number);
  }
  Fd fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) {
    return Error(Tag::internal, "opening a signalfd", errno);
  }
  return fd;
}

bool is_end_signal(int number) {
  return number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM;
}

std::optional<int> pending_end_signal() {
  sigset_t pending;
  (void)::sigemptyset(&pending);
  (void)::sigpending(&pending);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    if (::sigismember(&pending, number) == 1) {
      return number;
    }
  }
  return std::nullopt;
}

void use_all_descriptors() {
  rlimit own{};
  if (::getrlimit(RLIMIT_NOFILE, &own) == 0 && own.rlim_cur < own.rlim_max) {
    own.rlim_cur = own.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &own);  // Why: what is lacking shows at the open that fails.
  }
}

std::vector<int> read_signals(FdRef signalfd) {
  std::array<signalfd_siginfo, 8> signals{};
  const ssize_t got = ::read(signalfd.number(), signals.data(), sizeof signals);
  std::vector<int> numbers;
  for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got) / sizeof signals[0]; ++i) {
    numbers.push_back(static_cast<int>(signals.at(i).ssi_signo));
  }
  return numbers;
}

void stop_self() {
  // Kernel: pidfd_open since 5.3. SIGSTOP is delivered before the call that sends it returns.
  const Pidfd self(Fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))));
  (void)self.send_signal(SIGSTOP);
}

bool has_terminal() {
  // Kernel: ENXIO without one, EIO after it was hung up (tty(4)).
  const Fd terminal(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC));
  return terminal.valid();
}

void fill_standard_fds() {
  for (int number = 0; number <= 2; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) {
      continue;
    }
    // Why: read-only for 1 and 2 as well, so that writing to what the caller closed is an error.
    // Why: not CLOEXEC-relevant: the target gets 0, 1 and 2 from us, everything else is closed.
    // NOLINTNEXTLINE(android-cloexec-open)
    (void)!::open("/dev/null", O_RDONLY);
  }
}

}  // namespace sb::sys
