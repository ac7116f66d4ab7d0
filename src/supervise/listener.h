// Listener: the receiving end of the target's seccomp filter: takes it over, waves our own calls
// through until the program runs, then turns each notification into a violation.
// Must not kill: it reports, the supervisor acts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/error.h"
#include "launch/inside/plan.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "seccomp/program.h"
#include "sys/fd.h"
#include "sys/seccomp_notify.h"

namespace sb::supervise {

class Listener {
 public:
  // `fatal`: the call was not answered; its caller waits to be killed.
  using Report = std::function<void(result::Violation violation, bool fatal)>;

  // Borrows all. `plan` is the one the target runs by, `filter` the program it loads. `before_exec`
  // is called when everything is ready and nothing inside runs.
  Listener(const policy::Spec& spec, const inside::Plan& plan, const seccomp::BpfProgram& filter,
           Report report, std::function<void()> before_exec);

  // The target's descriptor, once it says that it loads the filter. Errors: launch.listener.
  Result<Done> take(const sys::FdRef target_pidfd);
  sys::FdRef fd() const { return fd_.ref(); }
  bool taken() const { return fd_.valid(); }
  bool launched() const { return phase_ == Phase::launched; }

  // The listener polls readable. Errors: launch.listener.
  Result<Done> on_readable();

  // Keeps the target in its last waiting call, once it is there, until let_start().
  void hold_target() { held_ = true; }
  // The target and the guard wait: nothing is left to do but let it start.
  bool is_ready() const { return guard_call_ && target_call_ && phase_ == Phase::taken; }
  // And they still do: neither has died meanwhile.
  bool is_still_ready() const;
  // Errors: launch.listener.
  Result<Done> let_start();

  // Makes the guard kill everything else inside, at once or when it waits again. False: there is no
  // guard.
  bool kill_by_guard();

  // Freezing interrupts the guard's call, and it makes it anew once thawed.
  // Why: until that one has been received, another interruption would look like a forbidden call
  // that was cancelled; so who freezes again waits for guard_waits().
  void interrupt_guard();
  bool guard_waits() const { return !guard_returns_; }

  // After all but the guard are dead: makes it call again, so that drain() knows at once where no
  // call was cancelled.
  void ask_guard();
  // And then: reports every call that was cancelled before it was received. Errors:
  // launch.listener, where that can't be known.
  Result<Done> drain();
  // Whether the guard waits in its call now: what was cancelled before is then none of the guard's
  // own. Waits for that call, or for its end.
  bool guard_lives();

 private:
  // taken: only our own code runs inside; launched: the program may.
  enum class Phase { absent, taken, launched };

  void on_notification(const seccomp_notif& notification);
  void on_waiting_call(const seccomp_notif& notification);
  void let_go(std::uint64_t id);  // the target, from its waiting call
  void note_answer(bool answered);
  Result<Done> checked() const;
  bool is_ours(const seccomp_notif& notification) const;
  bool takes_our_exec(const seccomp_notif& notification);
  void report_call(const seccomp_notif& notification);
  void report_cancelled();
  bool guard_says_none();

  const policy::SyscallPolicy& policy();

  const policy::Spec& spec_;
  std::optional<policy::SyscallPolicy> policy_;  // read for the first report
  const inside::Plan& plan_;
  Report report_;
  std::function<void()> before_exec_;
  sys::Fd fd_;
  Phase phase_ = Phase::absent;
  bool exec_is_notified_ = false;             // our own execve, still to come
  std::optional<std::uint64_t> target_call_;  // the notification in which the target waits
  std::optional<std::uint64_t> guard_call_;   // and the guard
  std::uint32_t guard_pid_ = 0;               // in our pid namespace
  bool guard_returns_ = false;                // it was interrupted
  bool kill_then_ = false;
  bool asked_ = false;                    // ask_guard() was, and its call has not come yet
  std::optional<std::uint64_t> last_id_;  // of what was received
  bool in_turn_ = true;                   // no number was left out
  bool held_ = false;
  bool taker_told_ = false;  // the target knows that the listener is taken (Plan::wait_for_taker)
  int answer_err_ = 0;       // why the target could not be let go
};

}  // namespace sb::supervise
