#include "supervise/run.h"

#include <cerrno>
#include <csignal>

#include <fmt/core.h>
#include <linux/capability.h>

#include "cgroup/abandoned.h"
#include "cgroup/group.h"
#include "filters/filter_of.h"
#include "launch/host_ids.h"
#include "launch/launch.h"
#include "launch/plan_builder.h"
#include "policy/capabilities.h"
#include "policy/resolve.h"
#include "supervise/decide.h"
#include "supervise/supervisor.h"
#include "sys/process.h"

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
                          sources.processes)};
}

// Why: one more task than the program may have: the guard is in its group.
policy::Limits with_guard(policy::Limits limits) {
  if (limits.processes) {
    ++*limits.processes;
  }
  return limits;
}

// While a named pipe waited for its reader.
Observations cancelled_before_start() {
  Observations seen;
  seen.record_stop({.kind = StopKind::cancelled,
                    .mechanism = "signal",
                    .detail = result::signal_name(sys::pending_end_signal().value_or(SIGTERM))});
  return seen;
}

Result<result::Outcome> run_or_fail(policy::Spec spec, const policy::HostFacts& facts,
                                    const Channels& channels, std::uint64_t created_ns) {
  launch::PlanBuilder builder;
  builder.set_filter(TRY(filters::filter_of(spec)));
  builder.plan().listener = spec.name_violations;
  builder.plan().wait_for_taker = !policy::has_effective_capabilities({CAP_SYS_PTRACE});
  Result<Stdio> opened = open_stdio(spec.stdio);
  if (!opened && opened.error().err() == ECANCELED) {
    return decide(spec, cancelled_before_start());
  }
  Stdio stdio = TRY(std::move(opened));
  std::optional<launch::HostIds> ids;
  if (spec.ids != policy::IdMode::caller) {
    ids.emplace(TRY(launch::HostIds::take()));
  }
  if (spec.ids == policy::IdMode::plain) {
    // Why: without a user namespace there is but one set of ids, the host's.
    spec.inside_uid = spec.inside_gid = ids->target().uid;
  }
  CHECK(builder.build(spec, ids ? &*ids : nullptr));
  CHECK(policy::check_looks());
  spec.warnings.insert(spec.warnings.end(), builder.warnings().begin(), builder.warnings().end());
  // Why: where init is root of its namespace it is somebody else on the host.
  const std::optional<std::uint32_t> owner =
      spec.ids == policy::IdMode::mapped ? std::optional(ids->init_id()) : std::nullopt;
  const policy::Limits limits = with_guard(spec.cgroup_limits);
  const bool later = cgroup::Group::is_joined_later(facts, limits);
  builder.plan().group_follows = later;
  std::optional<cgroup::Group> group;  // Why before `running`: removed once nobody is in it.
  if (!later) {
    group.emplace(TRY(cgroup::Group::create(facts, limits, owner)));
  }
  const auto counted = [&group] { return group && group->exists() ? &*group : nullptr; };
  launch::Running running =
      TRY(launch::start(spec, builder, counted(), ids ? &*ids : nullptr,
                        {stdio.inside[0].ref(), stdio.inside[1].ref(), stdio.inside[2].ref()}));
  if (later) {
    group.emplace(TRY(cgroup::Group::create(facts, limits, owner)));
    CHECK(running.send_group(*group));
  }
  for (sys::Fd& fd : stdio.inside) {
    fd.reset();
  }
  // Why now: init is busy with the mounts meanwhile.
  builder.close_sources();
  // Why now, too: what can not be removed is not this run's business.
  (void)cgroup::remove_abandoned(facts, group->name());
  Supervisor supervisor(spec, builder, running, counted(), channels.signals, channels.events,
                        created_ns);
  Observations seen = supervisor.watch(std::move(stdio));
  result::Outcome outcome = decide(spec, std::move(seen));
  outcome.enforced = enforced_by(spec, *group);
  return outcome;
}

}  // namespace

result::Outcome outcome_of_error(Error error) {
  result::Outcome outcome;
  outcome.status = result::Status::error;
  outcome.reason = error.message();
  outcome.error = std::move(error);
  return outcome;
}

result::Outcome run(const policy::Spec& spec, const policy::HostFacts& facts,
                    const Channels& channels, std::uint64_t created_ns) {
  Result<result::Outcome> outcome = run_or_fail(spec, facts, channels, created_ns);
  if (spec.best_effort && outcome && outcome->error &&
      outcome->error->tag() == Tag::launch_listener) {
    // Why: safe to try again: the program has not run.
    policy::Spec unnamed = spec;
    unnamed.name_violations = false;
    unnamed.warnings.push_back("forbidden calls are not named, and in descendants not noticed: " +
                               outcome->error->message());
    outcome = run_or_fail(unnamed, facts, channels, created_ns);
  }
  if (!outcome) {
    outcome = outcome_of_error(
        std::move(outcome).error().context(fmt::format("starting \"{}\"", spec.command.shown)));
  }
  outcome->sandbox = {.version = SANDBOX_VERSION,
                      .profile = spec.profile_name,
                      .profile_sha256 = spec.profile_sha256,
                      .kernel = facts.kernel};
  return *std::move(outcome);
}

}  // namespace sb::supervise
