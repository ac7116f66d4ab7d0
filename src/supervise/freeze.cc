// Stopping and continuing the program together with the supervisor (SIGTSTP, SIGCONT).
//
// Order: freeze the program; note when it stood (its clock stands from then on); stop ourselves;
// once continued, continue the program; note when. A deadline that was reached before the program
// stood comes first, whatever event is noticed first: times decide, not the order of wake-ups.
#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// How long the guard may take to wait again after an earlier freeze (listener.h).
constexpr std::uint64_t guard_patience_ns = 100'000'000;

}  // namespace

void Supervisor::on_stop_signal() {
  stop_wanted_ = true;
  try_freeze();
}

void Supervisor::try_freeze() {
  if (!stop_wanted_ || freeze_ != Freeze::thawed) {
    return;
  }
  if (seen_.executed) {
    on_timer();  // Why: a deadline that has passed comes first.
  }
  if (is_ending()) {
    stop_and_resume();
    return;
  }
  if (!seen_.executed) {
    return;  // Why: a launch is not interrupted; on_started_program asks again.
  }
  if (listener_ && !listener_->guard_waits() && freeze_deadline_ns_ == 0) {
    freeze_deadline_ns_ = sys::monotonic_ns() + guard_patience_ns;
    return;
  }
  if (listener_ && !listener_->guard_waits() && sys::monotonic_ns() < freeze_deadline_ns_) {
    return;
  }
  freeze_deadline_ns_ = 0;
  if (listener_) {
    listener_->interrupt_guard();
  }
  if (group_ != nullptr && group_->set_frozen(true)) {
    by_cgroup_ = true;
    on_frozen(sys::monotonic_ns());
  } else {
    heard_.asked(inside::ControlKind::freeze, sys::monotonic_ns());
    if (running_.send(inside::ControlKind::freeze)) {
      freeze_ = Freeze::asked;
    }
  }
}

void Supervisor::on_frozen(std::uint64_t when_ns) {
  freeze_ = Freeze::frozen;
  clock_.freeze(when_ns);
  frozen_cpu_ns_ = cpu_ns();
  tell_freeze("frozen");
  on_signals();  // Why: a SIGCONT may have come meanwhile; it is the later wish.
  if (stop_wanted_) {
    stop_and_resume();
  }
  // Why: whoever continued us wants the program to go on.
  if (by_cgroup_) {
    const std::uint64_t now_ns = sys::monotonic_ns();
    (void)group_->set_frozen(false);
    on_thawed(now_ns);
  } else {
    heard_.asked(inside::ControlKind::thaw, sys::monotonic_ns());
    (void)running_.send(inside::ControlKind::thaw);
    freeze_ = Freeze::thawing;
  }
}

void Supervisor::on_thawed(std::uint64_t when_ns) {
  const std::uint64_t now_cpu_ns = cpu_ns();
  clock_.thaw(when_ns, now_cpu_ns - std::min(frozen_cpu_ns_, now_cpu_ns));
  freeze_ = Freeze::thawed;
  tell_freeze("thawed");
  try_freeze();
}

std::uint64_t Supervisor::cpu_ns() const {
  return group_ != nullptr ? group_->cpu_ns().value_or(0) : 0;
}

void Supervisor::stop_and_resume() {
  stop_wanted_ = false;
  sys::stop_self();
  // Why: patience with init and with readers does not run while nobody could notice them.
  const std::uint64_t now_ns = sys::monotonic_ns();
  if (kill_deadline_ns_ != 0) {
    kill_deadline_ns_ = now_ns + kill_patience_ns;
  }
  if (sink_deadline_ns_ != 0) {
    sink_deadline_ns_ = 0;
    hurry_readers();
  }
}

bool Supervisor::is_ending() const { return exited_ || init_ended_ || kill_deadline_ns_ != 0; }

}  // namespace sb::supervise
