// Attempt: everything one run needs outside of itself, from its streams to its group; the
// destructor takes it down.
// Must not know where the spec came from, nor try again.
#pragma once

#include <cstdint>
#include <optional>

#include "cgroup/group.h"
#include "files/collector.h"
#include "launch/host_ids.h"
#include "launch/launch.h"
#include "launch/plan_builder.h"
#include "policy/host_facts.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "supervise/feeding.h"
#include "supervise/stdio.h"
#include "supervise/supervisor.h"

namespace sb::supervise {

// Why: not movable: its parts refer to each other.
class Attempt {
 public:
  Attempt(policy::Spec spec, policy::HostFacts facts)
      : spec_(std::move(spec)), facts_(std::move(facts)) {}
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  Result<Done> make_streams();
  // Errors: as fill_stdio.
  Result<Done> fill_streams() { return fill_stdio(spec_.stdio, spec_.files.doubtful, stdio_); }
  // `late`: the command is told by resume(). Errors: those of launch, cgroup, seccomp.compile.
  Result<Done> start(std::uint64_t created_ns, bool late);
  result::Outcome watch(const Channels& channels);

  // Where it was started `late`, in the place of watch(). False: it can't be used.
  bool park() { return supervisor_->park(); }
  // What the next run's spec says, which must ask for a sandbox like this one. `program`: what is
  // not shown inside yet; or nullptr. Errors: files.source, launch.mount; usage where the command
  // has no room.
  Result<Done> take(policy::Spec spec, const policy::HostMount* program);
  // After fill_streams().
  result::Outcome resume(const Channels& channels, std::uint64_t created_ns);

  // After watch(): as Supervisor::take_work.
  Result<sys::Fd> take_work() { return supervisor_->take_work(); }

  const policy::Spec& spec() const { return spec_; }
  const policy::HostFacts& facts() const { return facts_; }
  bool can_take_program() const { return !builder_.plan().remount; }

 private:
  const cgroup::Group* counted() const { return group_ && group_->exists() ? &*group_ : nullptr; }
  launch::HostIds* ids() { return ids_ ? &*ids_ : nullptr; }
  Result<Done> settle(bool late);  // what is known before anything is made
  result::Outcome judge(Observations seen) const;

  policy::Spec spec_;
  policy::HostFacts facts_;
  launch::PlanBuilder builder_;
  Stdio stdio_;
  std::optional<launch::HostIds> ids_;
  files::Collector collector_;
  std::optional<Feeding> feeding_;
  std::optional<cgroup::Group> group_;  // Why before running_: removed once nobody is in it.
  std::optional<launch::Running> running_;
  std::optional<Supervisor> supervisor_;
  sys::Fd program_;  // the tree of one that is to be shown
};

}  // namespace sb::supervise
