#include "launch/probe_seccomp.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/clone.h"
#include "sys/process.h"
#include "sys/seccomp_notify.h"

namespace sb::launch {
namespace {

constexpr int answer_patience_ms = 2000;

// What the child tells before it makes the call that is notified.
struct Report {
  int filter_err;
  int listener_err;
  int listener;
};

int load(unsigned flags, const sock_filter* instructions, unsigned short count) {
  // Safety: the kernel only reads the program; the struct has no const.
  sock_fprog program{.len = count, .filter = const_cast<sock_filter*>(instructions)};
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

// Allocates nothing.
[[noreturn]] void child_main(int out) {
  static constexpr sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  static constexpr sock_filter notify[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getppid},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  Report report{};
  // Why: as the target does; without it a binary that only its owner may read can't be looked at.
  (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  const bool alone = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  report.filter_err = alone && load(0, allow, 1) == 0 ? 0 : errno;
  report.listener = load(SECCOMP_FILTER_FLAG_NEW_LISTENER, notify, 4);
  report.listener_err = report.listener < 0 ? errno : 0;
  (void)!::write(out, &report, sizeof report);
  if (report.listener < 0) {
    ::_exit(1);
  }
  ::_exit(::syscall(SYS_getppid) >= 0 ? 0 : 1);
}

// Answers the one call that the child makes. errno or 0.
int let_go_on(sys::FdRef listener) {
  pollfd readable{.fd = listener.number(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, answer_patience_ms) != 1) {
    return ETIMEDOUT;
  }
  const sys::ReceivedNotification notification = sys::receive_notification(listener);
  if (notification.state != sys::ReceiveState::received) {
    return notification.err != 0 ? notification.err : EINTR;
  }
  return sys::answer_continue(listener, notification.data.id) ? 0 : errno;
}

void try_listener(const sys::Pidfd& child, int from_child, Trial<seccomp_steps>& trial) {
  Report report{};
  pollfd readable{.fd = from_child, .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, answer_patience_ms) != 1 ||
      ::read(from_child, &report, sizeof report) != sizeof report) {
    trial.of(SeccompStep::filter) = ETIMEDOUT;
    return;
  }
  trial.of(SeccompStep::filter) = report.filter_err;
  trial.of(SeccompStep::listener) = report.listener_err;
  if (report.listener_err != 0) {
    return;
  }
  const sys::TakenFd listener = sys::pidfd_getfd(child.ref(), report.listener);
  trial.of(SeccompStep::pidfd_getfd) = listener.err;
  if (listener.err == 0) {
    trial.of(SeccompStep::continue_call) = let_go_on(listener.fd.ref());
  }
}

}  // namespace

std::string_view name_of(SeccompStep step) {
  static constexpr std::array<std::string_view, seccomp_steps> names = {"filter", "listener",
                                                                        "pidfd_getfd", "continue"};
  return names.at(static_cast<std::size_t>(step));
}

Trial<seccomp_steps> try_seccomp() {
  Trial<seccomp_steps> trial;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    trial.of(SeccompStep::filter) = errno;
    return trial;
  }
  const sys::Fd from_child(ends[0]);
  sys::Fd to_parent(ends[1]);
  const sys::Cloned cloned = sys::clone_process(0);
  if (cloned.pid < 0) {
    trial.of(SeccompStep::filter) = cloned.err;
    return trial;
  }
  if (cloned.pid == 0) {
    child_main(to_parent.number());
  }
  to_parent.reset();
  const sys::Pidfd& child = cloned.process;
  try_listener(child, from_child.number(), trial);
  // Why: while nobody answers it would wait for ever.
  (void)child.send_signal(trial.works() ? 0 : SIGKILL);
  if (!child.wait(answer_patience_ms)) {
    (void)child.send_signal(SIGKILL);
    (void)child.wait(answer_patience_ms);
  }
  return trial;
}

}  // namespace sb::launch
