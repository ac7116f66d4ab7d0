#include "policy/enforcement.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace sb::policy {
namespace {

// Kernel: every v2 group counts CPU time; v1 needs cpuacct for it.
bool provides(const CgroupHierarchy& hierarchy, const std::string& controller) {
  return hierarchy.has(controller) || (hierarchy.v2 && controller == "cpuacct");
}

bool can_use(const HostFacts& facts, const std::string& controller) {
  return std::any_of(
      facts.cgroups.begin(), facts.cgroups.end(), [&](const CgroupHierarchy& hierarchy) {
        return hierarchy.writable && !hierarchy.busy && provides(hierarchy, controller);
      });
}

// The option that sets it: cpu_time is --cpu-time.
std::string option_of(std::string limit) {
  std::replace(limit.begin(), limit.end(), '_', '-');
  return "--" + limit;
}

struct Need {
  bool asked;
  const char* limit;
  const char* controller;
  Tag tag;
};

std::array<Need, 5> needs_of(const Limits& limits) {
  return {Need{limits.memory_bytes.has_value(), "memory", "memory", Tag::host_no_memory_controller},
          Need{limits.cpu_time_ns.has_value(), "cpu_time", "cpuacct", Tag::host_no_cpu_controller},
          Need{limits.processes.has_value(), "processes", "pids", Tag::host_no_pids_controller},
          Need{limits.cpus_millis.has_value(), "cpus", "cpu", Tag::host_no_cpu_controller},
          Need{limits.cpu_set.has_value(), "cpu_set", "cpuset", Tag::host_no_cpuset_controller}};
}

Error missing(const HostFacts& facts, const Need& need) {
  const CgroupHierarchy* refused = nullptr;
  for (const CgroupHierarchy& hierarchy : facts.cgroups) {
    // Why: writable first: who is in the way does not matter where this caller has no place anyhow.
    if (hierarchy.writable && hierarchy.busy && provides(hierarchy, need.controller)) {
      return Error(Tag::cgroup_busy,
                   fmt::format("limiting {}: other processes are in the cgroup \"{}\"", need.limit,
                               hierarchy.base));
    }
    if (!hierarchy.writable && provides(hierarchy, need.controller)) {
      refused = &hierarchy;
    }
  }
  const bool has_place =
      std::any_of(facts.cgroups.begin(), facts.cgroups.end(),
                  [](const CgroupHierarchy& hierarchy) { return hierarchy.writable; });
  // Why also where the controller is nowhere to be seen: a group that this caller gets may have it.
  if (!has_place) {
    return Error(
        Tag::host_no_cgroup,
        fmt::format("limiting {}: no cgroup in which this caller may make one", need.limit));
  }
  Error error(need.tag, fmt::format("limiting {}: no cgroup with the {} controller", need.limit,
                                    need.controller));
  if (refused != nullptr && !refused->v2) {
    // Kernel: a controller is in one hierarchy at a time, and systemd delegates none of v1.
    return std::move(error).with_hint(
        fmt::format("cgroup v1 has the {} controller here, and this caller has no group of it: run "
                    "as root, boot with systemd.unified_cgroup_hierarchy=1, or switch the limit "
                    "off with {} none",
                    need.controller, option_of(need.limit)));
  }
  return error;
}

// Kernel: RLIMIT_NPROC counts by user and user namespace since 5.14. A host id of the run's own has
// no other processes anyhow.
bool counts_processes_alone(const HostFacts& facts, const Spec& spec) {
  return spec.ids != IdMode::caller || facts.kernel_at_least(5, 14);
}

// The nearest thing that an rlimit of each process can do; false: nothing is near.
bool approximate(const std::string& limit, Spec& spec) {
  if (limit == "cpu_time") {
    constexpr std::uint64_t second_ns = 1'000'000'000;
    spec.rlimits.cpu_seconds = (*spec.limits.cpu_time_ns + second_ns - 1) / second_ns;
    spec.warnings.emplace_back("cpu_time is limited for each process by itself (RLIMIT_CPU)");
    return true;
  }
  if (limit == "memory") {
    spec.rlimits.data_bytes = spec.limits.memory_bytes;
    spec.warnings.emplace_back("memory is limited for each process by itself (RLIMIT_DATA)");
    return true;
  }
  return false;
}

void leave_to_others(const std::string& limit, Limits& limits) {
  if (limit == "memory") {
    limits.memory_bytes.reset();
  } else if (limit == "cpu_time") {
    limits.cpu_time_ns.reset();
  } else if (limit == "processes") {
    limits.processes.reset();
  } else if (limit == "cpus") {
    limits.cpus_millis.reset();
  } else {
    limits.cpu_set.reset();
  }
}

}  // namespace

Result<Done> resolve_enforcement(const HostFacts& facts, Spec& spec) {
  spec.cgroup_limits = spec.limits;
  for (const Need& need : needs_of(spec.limits)) {
    if (!need.asked || can_use(facts, need.controller)) {
      continue;
    }
    const std::string limit = need.limit;
    const bool by_rlimit = limit == "processes" && counts_processes_alone(facts, spec);
    if (by_rlimit) {
      spec.rlimits.processes = spec.limits.processes;
    } else if (!spec.best_effort) {
      return missing(facts, need);
    } else if (!approximate(limit, spec)) {
      spec.warnings.push_back(
          fmt::format("{} is not limited: {}", limit, missing(facts, need).message()));
    }
    leave_to_others(limit, spec.cgroup_limits);
  }
  return Done{};
}

}  // namespace sb::policy
