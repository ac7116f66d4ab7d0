#include "supervise/listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/core.h>
#include <linux/audit.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/resolve.h"
#include "policy/resolve_syscalls.h"
#include "seccomp/evaluate.h"
#include "supervise/violation_report.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// Safety: the kernel reports pointers as numbers; these are only compared by the filter.
std::uint64_t as_argument(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

// Whether the filter will notify the target's own execve.
bool notifies_exec(const inside::Plan& plan, const seccomp::BpfProgram& filter) {
  seccomp_data data{};
  data.nr = SYS_execve;
  data.arch = AUDIT_ARCH_X86_64;
  data.args[0] = as_argument(plan.program);
  data.args[1] = as_argument(static_cast<const void*>(plan.argv));
  data.args[2] = as_argument(static_cast<const void*>(plan.environment));
  return seccomp::evaluate(filter, data).value_or(SECCOMP_RET_ALLOW) == SECCOMP_RET_USER_NOTIF;
}

short poll_now(sys::FdRef fd) {
  pollfd polled{.fd = fd.number(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) > 0 ? polled.revents : static_cast<short>(0);
}

// Kernel: a dying process has no descriptors any more, which is ESRCH or, on older kernels, EBADF,
// and only after that its pidfd polls readable.
bool is_dying(int err, sys::FdRef pidfd) {
  constexpr int patience_ms = 1000;
  pollfd polled{.fd = pidfd.number(), .events = POLLIN, .revents = 0};
  return (err == ESRCH || err == EBADF) && ::poll(&polled, 1, patience_ms) > 0;
}

bool is_waiting_call(const seccomp_data& data) {
  return data.arch == AUDIT_ARCH_X86_64 && data.nr == SYS_kill &&
         static_cast<std::uint32_t>(data.args[0]) == 0xffffffff &&
         static_cast<std::uint32_t>(data.args[2]) == inside::waiting_cookie;
}

}  // namespace

Listener::Listener(const policy::Spec& spec, const inside::Plan& plan,
                   const seccomp::BpfProgram& filter, Report report,
                   std::function<void()> before_exec)
    : spec_(spec),
      plan_(plan),
      report_(std::move(report)),
      before_exec_(std::move(before_exec)),
      exec_is_notified_(notifies_exec(plan, filter)) {}

Result<Done> Listener::take(const sys::FdRef target_pidfd) {
  // Why spin at first: the target said so just before it loads the filter, which takes a tenth of a
  // millisecond. Where it is not let run that soon, it needs the CPU more than we do.
  constexpr std::uint64_t spin_ns = 500'000;
  constexpr std::uint64_t patience_ns = 10'000'000'000;
  constexpr unsigned pause_us = 100;
  const std::uint64_t start_ns = sys::monotonic_ns();
  while (plan_.progress->listener < 0) {
    if (poll_now(target_pidfd) != 0) {
      return Done{};  // Why: it died on the way; the end of the error pipe says where.
    }
    const std::uint64_t waited_ns = sys::monotonic_ns() - start_ns;
    if (waited_ns > patience_ns) {
      return Error(Tag::launch_listener, "waiting for the target to load its filter", ETIMEDOUT);
    }
    (void)(waited_ns < spin_ns ? ::sched_yield() : ::usleep(pause_us));
  }
  sys::TakenFd taken = sys::pidfd_getfd(target_pidfd, plan_.progress->listener);
  if (is_dying(taken.err, target_pidfd)) {
    return Done{};  // Why: killed meanwhile, by a cancellation say; as above.
  }
  if (taken.err != 0) {
    return Error(Tag::launch_listener, "taking the seccomp listener of the target", taken.err);
  }
  fd_ = std::move(taken.fd);
  phase_ = Phase::taken;
  return Done{};
}

Result<Done> Listener::on_readable() {
  // Why: asked again: drain() may have taken, in the same wake-up, what was there; receiving would
  // wait for ever. A call cancelled after this line is still counted, and gives ENOENT at once.
  if ((poll_now(fd_.ref()) & POLLIN) == 0) {
    return Done{};
  }
  const sys::ReceivedNotification received = sys::receive_notification(fd_.ref());
  switch (received.state) {
    case sys::ReceiveState::received:
      on_notification(received.data);
      return checked();
    case sys::ReceiveState::cancelled:
      report_cancelled();
      break;
    case sys::ReceiveState::none:
      break;
    case sys::ReceiveState::failed:
      return Error(Tag::launch_listener, "receiving a seccomp notification", received.err);
  }
  return Done{};
}

bool Listener::is_ours(const seccomp_notif& notification) const {
  return is_waiting_call(notification.data) &&
         (phase_ == Phase::taken || notification.pid == guard_pid_);
}

// Kernel: the calls that one filter notifies have consecutive numbers, cancelled ones theirs, too
// (seccomp_next_notify_id() in kernel/seccomp.c, 5.0 to 6.18); promised is only that they differ,
// so where one is left out the listener is asked as ever.
void Listener::on_notification(const seccomp_notif& notification) {
  in_turn_ = in_turn_ && notification.id == last_id_.value_or(notification.id - 1) + 1;
  last_id_ = notification.id;
  if (is_ours(notification)) {
    on_waiting_call(notification);
  } else if (phase_ == Phase::taken || takes_our_exec(notification)) {
    // Safety: until the guard waits only our own code runs inside; and where the filter notifies
    // execve, the first one comes before the program's first instruction.
    note_answer(sys::answer_continue(fd_.ref(), notification.id));
  } else {
    report_call(notification);
  }
}

void Listener::on_waiting_call(const seccomp_notif& notification) {
  if (static_cast<inside::WaitingRole>(notification.data.args[3]) == inside::WaitingRole::guard) {
    guard_call_ = notification.id;
    guard_pid_ = notification.pid;
    guard_returns_ = false;
    if (std::exchange(kill_then_, false)) {
      (void)kill_by_guard();
    }
  } else if (plan_.wait_for_taker && !taker_told_) {
    taker_told_ = true;
    let_go(notification.id);
  } else {
    target_call_ = notification.id;
  }
  if (is_ready() && !held_) {
    (void)let_start();  // Why: on_readable(), which called, looks at answer_err_, too.
  }
}

bool Listener::is_still_ready() const {
  return is_ready() && sys::is_alive(fd_.ref(), *guard_call_) &&
         sys::is_alive(fd_.ref(), *target_call_);
}

Result<Done> Listener::let_start() {
  phase_ = Phase::launched;
  before_exec_();
  plan_.progress->entered_ns[static_cast<std::size_t>(inside::Stage::exec)] = sys::monotonic_ns();
  let_go(*target_call_);
  return checked();
}

Result<Done> Listener::checked() const {
  return answer_err_ == 0 ? Result<Done>(Done{})
                          : Error(Tag::launch_listener, "letting the target go", answer_err_);
}

void Listener::let_go(std::uint64_t id) { note_answer(sys::answer_error(fd_.ref(), id, EAGAIN)); }

// Of an answer that the launch waits for.
void Listener::note_answer(bool answered) {
  // Kernel: ENOENT where it has died meanwhile; the end of the error pipe says where.
  if (!answered && errno != ENOENT) {
    answer_err_ = errno;
  }
}

bool Listener::takes_our_exec(const seccomp_notif& notification) {
  const bool ours = exec_is_notified_ && notification.data.arch == AUDIT_ARCH_X86_64 &&
                    notification.data.nr == SYS_execve;
  exec_is_notified_ = exec_is_notified_ && !ours;
  return ours;
}

const policy::SyscallPolicy& Listener::policy() {
  if (!policy_) {
    Result<policy::SyscallPolicy> read = policy::syscalls_of(spec_);
    // Why: a built-in profile was read by the build; should it fail all the same, every call that
    // the filter notifies is one that ends the run.
    policy_ = read ? *std::move(read) : policy::SyscallPolicy{};
  }
  return *policy_;
}

void Listener::report_call(const seccomp_notif& notification) {
  const bool native = notification.data.arch == AUDIT_ARCH_X86_64;
  std::array<std::uint64_t, 6> args{};
  std::copy(std::begin(notification.data.args), std::end(notification.data.args), args.begin());
  const policy::SyscallRule* rule =
      native ? policy::find_rule(policy(), notification.data.nr, args) : nullptr;
  policy::SyscallAction action = rule != nullptr ? rule->action : policy().default_action;
  if (!native || is_waiting_call(notification.data) || (notification.data.nr & 0x40000000) != 0) {
    action = {policy::ActionKind::kill, 0};
  }
  if (action.kind == policy::ActionKind::allow) {
    // Why: a call with the mark of our own (seccomp/compile.cc), but with arguments that are
    // allowed.
    (void)sys::answer_continue(fd_.ref(), notification.id);
    return;
  }
  if (action.kind == policy::ActionKind::err) {
    // Why: an execve after the first, or a call with the mark of our own, whose errno the filter
    // can't give by itself; unlisted, as every other call that is refused with an errno.
    (void)sys::answer_error(fd_.ref(), notification.id, action.err);
    return;
  }
  const bool fatal = action.kind != policy::ActionKind::notify;
  const std::string done = fatal             ? "killed"
                           : action.err == 0 ? "logged"
                                             : "errno " + errno_name(action.err);
  result::Violation violation = describe_violation(policy(), notification, done);
  if (!sys::is_alive(fd_.ref(), notification.id)) {
    // Why: what was read of /proc since may be another process's.
    violation.pid = std::nullopt;
    violation.comm.clear();
    violation.exe.clear();
  }
  if (!fatal) {
    // Why: false means that the caller has died meanwhile: there is nobody to answer.
    (void)(action.err == 0 ? sys::answer_continue(fd_.ref(), notification.id)
                           : sys::answer_error(fd_.ref(), notification.id, action.err));
  }
  report_(std::move(violation), fatal);
}

void Listener::report_cancelled() {
  // Kernel: once no task holds the filter, receiving says ENOENT for ever, and the listener polls
  // as hung up: nothing can be told from it. Only a killed guard lets it come to that.
  // Safety: and until the guard waits only our own code runs inside, which was killed on its way.
  if ((poll_now(fd_.ref()) & POLLHUP) != 0 || phase_ == Phase::taken) {
    return;
  }
  result::Violation violation;
  violation.arch = "x86_64";
  violation.action = "killed";
  violation.why = "its caller was interrupted or killed before the call could be read";
  report_(std::move(violation), true);
}

bool Listener::kill_by_guard() {
  if (!guard_call_) {
    kill_then_ = guard_returns_;
    return guard_returns_;
  }
  const std::uint64_t id = *guard_call_;
  guard_call_.reset();
  return sys::answer_continue(fd_.ref(), id);
}

void Listener::interrupt_guard() {
  guard_returns_ = guard_returns_ || guard_call_.has_value();
  guard_call_.reset();
}

void Listener::ask_guard() {
  if (guard_call_) {
    const std::uint64_t id = *std::exchange(guard_call_, std::nullopt);
    asked_ = sys::answer_error(fd_.ref(), id, EAGAIN);
  }
}

// Whether the guard's new call has the number after the last one that was received: whoever was
// cancelled in between would have had that.
bool Listener::guard_says_none() {
  constexpr int patience_ms = 10;
  pollfd polled{.fd = fd_.number(), .events = POLLIN, .revents = 0};
  if (!std::exchange(asked_, false) || ::poll(&polled, 1, patience_ms) <= 0 ||
      (polled.revents & POLLIN) == 0) {
    return false;
  }
  const sys::ReceivedNotification received = sys::receive_notification(fd_.ref());
  if (received.state == sys::ReceiveState::cancelled) {
    report_cancelled();
  } else if (received.state == sys::ReceiveState::received) {
    on_notification(received.data);
  }
  return guard_call_.has_value() && in_turn_;
}

Result<Done> Listener::drain() {
  if (guard_says_none()) {
    return Done{};
  }
  // Limit: a run's tasks can have cancelled one call each at its end; what is beyond is the same
  // verdict.
  constexpr int most = 4096;
  for (int i = 0; i < most; ++i) {
    const int events = poll_now(fd_.ref());
    if ((events & POLLHUP) != 0) {
      return Done{};  // Why: it would say "cancelled" as often as it is asked: report_cancelled().
    }
    // Kernel: what polls as readable can be received without waiting; cancelled calls don't show.
    const sys::ReceivedNotification received = (events & POLLIN) != 0
                                                   ? sys::receive_notification(fd_.ref())
                                                   : sys::receive_notification_now(fd_.ref());
    if (received.state == sys::ReceiveState::received) {
      on_notification(received.data);  // the guard, which waits again
    } else if (received.state == sys::ReceiveState::cancelled) {
      report_cancelled();
    } else if (received.state == sys::ReceiveState::failed) {
      return Error(Tag::launch_listener, "asking for forbidden calls at the end", received.err);
    } else {
      return Done{};
    }
  }
  return Done{};
}

bool Listener::guard_lives() {
  // Limit: of how long it may take to call again where it does not get the CPU.
  constexpr int patience_ms = 5'000;
  pollfd polled{.fd = fd_.number(), .events = POLLIN, .revents = 0};
  while (!guard_call_) {
    if (::poll(&polled, 1, patience_ms) <= 0 || (polled.revents & POLLIN) == 0 || !on_readable()) {
      return false;
    }
  }
  return sys::is_alive(fd_.ref(), *guard_call_);
}

}  // namespace sb::supervise
