#include "sys/clone.h"

#include <cerrno>
#include <csignal>

#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sb::sys {

Cloned clone_process(std::uint64_t flags, FdRef into_group) {
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);  // Safety: clone3(2) takes addresses so.
  args.exit_signal = SIGCHLD;
  if (into_group.valid()) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(into_group.number());
  }
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) {
    return {.pid = -1, .err = errno, .process = {}};
  }
  return {.pid = static_cast<pid_t>(pid), .err = 0, .process = Pidfd(Fd(pid == 0 ? -1 : pidfd))};
}

}  // namespace sb::sys
