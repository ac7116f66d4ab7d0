#include "supervise/attempt.h"

#include <cerrno>

#include <linux/capability.h>

#include "cgroup/abandoned.h"
#include "filters/filter_of.h"
#include "intercept/trace_filter.h"
#include "policy/capabilities.h"
#include "policy/resolve.h"
#include "supervise/decide.h"

namespace sb::supervise {
namespace {

std::vector<std::string> namespaces_of(const policy::Spec& spec) {
  std::vector<std::string> names;
  if (spec.ids != policy::IdMode::plain) {
    names.emplace_back("user");
  }
  names.insert(names.end(), {"mount", "pid"});
  if (spec.network != policy::NetworkMode::host) {
    names.emplace_back("net");
  }
  names.insert(names.end(), {"ipc", "uts", "cgroup"});
  return names;
}

std::string workspace_of(const policy::Files& files) {
  switch (files.workspace) {
    case policy::WorkspaceMode::scratch:
      return files.cow_source.empty() ? "scratch" : "copy";
    case policy::WorkspaceMode::read_only:
      return "ro";
    case policy::WorkspaceMode::read_write:
      return "rw";
    case policy::WorkspaceMode::copy_on_write:
      return "overlay";
  }
  return "";
}

result::Enforced enforced_by(const policy::Spec& spec, const cgroup::Group& group) {
  const auto by = [](bool in_group, bool in_process, const std::string& name) {
    return in_group ? name : std::string(in_process ? "rlimit" : "none");
  };
  const policy::Limits& limits = spec.cgroup_limits;
  const cgroup::Sources& sources = group.sources();
  return {.namespaces = namespaces_of(spec),
          .seccomp = spec.profile_name,
          .memory = by(limits.memory_bytes.has_value(), spec.rlimits.data_bytes.has_value(),
                       sources.memory),
          .cpu_time = by(limits.cpu_time_ns.has_value(), spec.rlimits.cpu_seconds.has_value(),
                         sources.cpu_time),
          .processes = by(limits.processes.has_value(), spec.rlimits.processes.has_value(),
                          sources.processes),
          .workspace = workspace_of(spec.files)};
}

// Why: one more task than the program may have: the guard is in its group.
policy::Limits with_guard(policy::Limits limits) {
  if (limits.processes) {
    ++*limits.processes;
  }
  return limits;
}

}  // namespace

Result<Done> Attempt::make_streams() {
  stdio_ = TRY(make_stdio(shape_of(spec_.stdio.input), spec_.stdio.error_to_output));
  return Done{};
}

Result<Done> Attempt::settle(bool late) {
  // Why first: what the program can change is settled before there is a program.
  collector_ = TRY(files::Collector::settle(spec_.files));
  builder_.set_filter(TRY(filters::filter_of(spec_)));
  builder_.plan().listener = spec_.name_violations;
  builder_.plan().wait_for_taker = !policy::has_effective_capabilities({CAP_SYS_PTRACE});
  if (spec_.clock.is_virtual()) {
    builder_.set_trace_filter(intercept::trace_filter(!spec_.stdio.error_to_output));
    // Why: so long the target has made no other process, which would be traced with it.
    builder_.plan().wait_for_taker = true;
  }
  if (spec_.ids != policy::IdMode::caller) {
    ids_.emplace(TRY(launch::HostIds::take()));
  }
  if (spec_.ids == policy::IdMode::plain) {
    // Why: without a user namespace there is but one set of ids, the host's.
    spec_.inside_uid = spec_.inside_gid = ids_->target().uid;
  }
  CHECK(builder_.build(spec_, ids()));
  if (late) {
    CHECK(builder_.await_command());
  }
  if (!spec_.files.put.empty()) {
    feeding_.emplace(TRY(Feeding::prepare(spec_.files)));
    builder_.plan().put_fd = feeding_->theirs().number();
  }
  CHECK(policy::check_looks());
  spec_.warnings.insert(spec_.warnings.end(), builder_.warnings().begin(),
                        builder_.warnings().end());
  return Done{};
}

Result<Done> Attempt::start(std::uint64_t created_ns, bool late) {
  CHECK(settle(late));
  // Why: where init is root of its namespace it is somebody else on the host.
  const std::optional<std::uint32_t> owner =
      spec_.ids == policy::IdMode::mapped ? std::optional(ids_->init_id()) : std::nullopt;
  const policy::Limits limits = with_guard(spec_.cgroup_limits);
  const bool joined_later = cgroup::Group::is_joined_later(facts_, limits);
  builder_.plan().group_follows = joined_later;
  if (!joined_later) {
    group_.emplace(TRY(cgroup::Group::create(facts_, limits, owner)));
  }
  const std::array<sys::FdRef, 3> inside = {stdio_.inside[0].ref(), stdio_.inside[1].ref(),
                                            stdio_.inside[2].ref()};
  running_.emplace(TRY(launch::start(spec_, builder_, counted(), ids(), inside)));
  if (feeding_) {
    feeding_->close_theirs();
  }
  if (joined_later) {
    group_.emplace(TRY(cgroup::Group::create(facts_, limits, owner)));
    CHECK(running_->send_group(*group_));
  }
  for (sys::Fd& fd : stdio_.inside) {
    fd.reset();
  }
  // Why now: init is busy with the mounts meanwhile.
  builder_.close_sources();
  // Why now, too: what can not be removed is not this run's business.
  (void)cgroup::remove_abandoned(facts_, group_->name());
  supervisor_.emplace(spec_, builder_, *running_, counted(), created_ns);
  if (ids_) {
    collector_.read_as(ids_->target());
  }
  supervisor_->save_with(&collector_);
  supervisor_->feed_with(feeding_ ? &*feeding_ : nullptr);
  return Done{};
}

result::Outcome Attempt::watch(const Channels& channels) {
  return judge(supervisor_->watch(std::move(stdio_), channels));
}

result::Outcome Attempt::judge(Observations seen) const {
  result::Outcome outcome = decide(spec_, std::move(seen));
  outcome.enforced = enforced_by(spec_, *group_);
  return outcome;
}

Result<Done> Attempt::take(policy::Spec spec, const policy::HostMount* program) {
  spec.inside_uid = spec_.inside_uid;
  spec.inside_gid = spec_.inside_gid;
  // Why assigned in place: the supervisor and its listener refer to it.
  spec_ = std::move(spec);
  if (!builder_.set_command(spec_.command)) {
    return Error(Tag::usage, "keeping the command for a sandbox that waits", E2BIG);
  }
  program_ = program != nullptr ? TRY(builder_.late_program(*program)) : sys::Fd();
  return Done{};
}

result::Outcome Attempt::resume(const Channels& channels, std::uint64_t created_ns) {
  return judge(supervisor_->resume(std::move(stdio_), channels, program_.ref(), created_ns));
}

}  // namespace sb::supervise
