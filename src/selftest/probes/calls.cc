// System calls by their numbers, through each way into the kernel, and the ways to a namespace.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "selftest/probes/probe.h"

namespace sb::selftest::probes {
namespace {

constexpr unsigned long child_ends = 17;  // SIGCHLD

struct Flag {
  const char* name;
  unsigned long value;
};

constexpr std::array flags = {
    Flag{"user", CLONE_NEWUSER}, Flag{"mount", CLONE_NEWNS},      Flag{"pid", CLONE_NEWPID},
    Flag{"net", CLONE_NEWNET},   Flag{"ipc", CLONE_NEWIPC},       Flag{"uts", CLONE_NEWUTS},
    Flag{"time", CLONE_NEWTIME}, Flag{"cgroup", CLONE_NEWCGROUP},
};

std::array<unsigned long, 6> numbers_of(Arguments arguments) {
  std::array<unsigned long, 6> numbers{};
  for (std::size_t i = 0; i + 1 < arguments.size() && i < numbers.size(); ++i) {
    numbers.at(i) = std::strtoul(arguments[i + 1].c_str(), nullptr, 0);
  }
  return numbers;
}

// What a clone that worked has made ends at once.
long end_child(long pid) {
  if (pid == 0) {
    ::_exit(0);
  }
  return pid;
}

// A child for clone and clone3, whose flags are cleared of what a new process can't have.
long try_namespace(const std::string& way, const Flag& flag) {
  if (way == "clone") {
    return end_child(::syscall(SYS_clone, flag.value | child_ends, 0, 0, 0, 0));
  }
  if (way == "clone_high") {  // the kernel ignores the high half, and so must the filter
    return end_child(
        ::syscall(SYS_clone, flag.value | child_ends | 0x7fffffff00000000UL, 0, 0, 0, 0));
  }
  if (way == "clone3") {
    clone_args request{};
    request.flags = flag.value;
    request.exit_signal = child_ends;
    return end_child(::syscall(SYS_clone3, &request, sizeof request));
  }
  if (way == "unshare") {
    return ::syscall(SYS_unshare, flag.value);
  }
  const std::string name = std::strcmp(flag.name, "mount") == 0 ? "mnt" : flag.name;
  const int fd = ::open(("/proc/self/ns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  const long result = ::syscall(SYS_setns, fd, flag.value);
  (void)::close(fd);
  return result;
}

}  // namespace

int call(Arguments arguments) {
  if (arguments.empty()) {
    return 2;
  }
  const long number = std::stol(arguments[0], nullptr, 0);
  const auto a = numbers_of(arguments);
  // Why before the call: one that works may end or replace this process.
  tell("calling", number);
  long result = ::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (number == SYS_clone || number == SYS_fork || number == SYS_vfork) {
    result = end_child(result);
  }
  tell("answer", result < 0 ? errno_name(errno) : "ok");
  return 0;
}

int call_i386(Arguments arguments) {
  if (arguments.empty()) {
    return 2;
  }
  const long number = std::stol(arguments[0], nullptr, 0);
  const auto a = numbers_of(arguments);
  tell("calling", number);
  long result = 0;
  // Safety: the numbers asked for take no pointer that is followed.
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                   : "memory", "r8", "r9", "r10", "r11");
  const int low = static_cast<int>(result);
  tell("answer", low < 0 ? errno_name(-low) : "ok");
  return 0;
}

// Kernel: 0x23 is the 32-bit code segment of every 64-bit process. What it runs enters the kernel
// as i386 does, whatever the instruction.
int call_far(Arguments) {
  // mov eax, 1 (exit); mov ebx, 77; int 0x80; hlt
  constexpr std::array<std::uint8_t, 13> code = {0xb8, 1, 0, 0,    0,    0xbb, 77,
                                                 0,    0, 0, 0xcd, 0x80, 0xf4};
  void* const low = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) {
    tell("mapped", errno_name(errno));
    return 1;
  }
  std::memcpy(low, code.data(), code.size());
  tell("calling", 1);
  // Safety: never comes back: the code ends the process, or the kernel does.
  __asm__ volatile("pushq %0\n\tpushq %1\n\tlretq" : : "i"(0x23), "r"(low) : "memory");
  return 0;
}

int namespaces(Arguments arguments) {
  if (arguments.empty()) {
    return 2;
  }
  std::string got;
  std::string refused;
  for (const Flag& flag : flags) {
    const long result = try_namespace(arguments[0], flag);
    const std::string outcome = outcome_of(result);
    (outcome == "ok" ? got : refused) += std::string(" ") + flag.name + ":" + outcome;
    tell(flag.name, outcome);
  }
  tell("got", got);
  tell("refused", refused);
  return 0;
}

}  // namespace sb::selftest::probes
