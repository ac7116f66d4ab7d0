#include "sys/tracing.h"

#include <cerrno>

#include <linux/kcmp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sb::sys {
namespace {

// Safety: ptrace(2) takes numbers where glibc declares a pointer.
void* as_pointer(std::uint64_t number) { return reinterpret_cast<void*>(number); }

bool did(long result) { return result >= 0; }

}  // namespace

int seize(pid_t tid, unsigned options) {
  return did(::ptrace(PTRACE_SEIZE, tid, nullptr, as_pointer(options))) ? 0 : errno;
}

bool set_trace_options(pid_t tid, unsigned options) {
  return did(::ptrace(PTRACE_SETOPTIONS, tid, nullptr, as_pointer(options)));
}

bool interrupt(pid_t tid) { return did(::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr)); }

bool resume(pid_t tid, int signal) {
  return did(::ptrace(PTRACE_CONT, tid, nullptr, as_pointer(static_cast<unsigned>(signal))));
}

bool resume_to_syscall(pid_t tid, int signal) {
  return did(::ptrace(PTRACE_SYSCALL, tid, nullptr, as_pointer(static_cast<unsigned>(signal))));
}

bool stay_stopped(pid_t tid) { return did(::ptrace(PTRACE_LISTEN, tid, nullptr, nullptr)); }

std::optional<Registers> registers_of(pid_t tid) {
  Registers registers{};
  return did(::ptrace(PTRACE_GETREGS, tid, nullptr, &registers)) ? std::optional(registers)
                                                                 : std::nullopt;
}

bool set_registers(pid_t tid, const Registers& registers) {
  Registers copy = registers;
  return did(::ptrace(PTRACE_SETREGS, tid, nullptr, &copy));
}

std::optional<unsigned long> event_message(pid_t tid) {
  unsigned long message = 0;
  return did(::ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message)) ? std::optional(message)
                                                                   : std::nullopt;
}

std::optional<siginfo_t> signal_info(pid_t tid) {
  siginfo_t info{};
  return did(::ptrace(PTRACE_GETSIGINFO, tid, nullptr, &info)) ? std::optional(info) : std::nullopt;
}

bool set_signal_info(pid_t tid, const siginfo_t& info) {
  siginfo_t copy = info;
  return did(::ptrace(PTRACE_SETSIGINFO, tid, nullptr, &copy));
}

bool read_memory(pid_t tid, std::uint64_t address, void* to, std::size_t size) {
  const iovec here{.iov_base = to, .iov_len = size};
  const iovec there{.iov_base = as_pointer(address), .iov_len = size};
  return ::process_vm_readv(tid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}

bool write_memory(pid_t tid, std::uint64_t address, const void* from, std::size_t size) {
  // Safety: the kernel only reads it; the struct has no const.
  const iovec here{.iov_base = const_cast<void*>(from), .iov_len = size};
  const iovec there{.iov_base = as_pointer(address), .iov_len = size};
  return ::process_vm_writev(tid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}

pid_t next_waiting() {
  siginfo_t info{};
  // Kernel: stops of tracees are told without WSTOPPED, too; those of other children are not.
  const int failed = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
  return failed == 0 ? info.si_pid : 0;
}

std::optional<WaitStatus> take_waiting(pid_t pid) {
  int status = 0;
  return ::wait4(pid, &status, WNOHANG | __WALL, nullptr) == pid ? std::optional(WaitStatus(status))
                                                                 : std::nullopt;
}

bool send_signal(pid_t pid, pid_t tid, int number, siginfo_t* info) {
  if (tid != 0) {
    // Kernel: a pidfd is one of a thread only since 6.9.
    return did(::syscall(SYS_rt_tgsigqueueinfo, pid, tid, number, info));
  }
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return did(::syscall(SYS_pidfd_send_signal, pidfd.number(), number, info, 0));
}

std::optional<bool> is_same_open_file(pid_t one, int fd, pid_t other, int other_fd) {
  const long order = ::syscall(SYS_kcmp, one, other, KCMP_FILE, fd, other_fd);
  return order >= 0 ? std::optional(order == 0) : std::nullopt;
}

}  // namespace sb::sys
