// The findings about cgroups, and what each limit of a run is enforced by.
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "cli/doctor_checks.h"
#include "policy/cgroup_place.h"

namespace sb::cli {
namespace {

using policy::CgroupHierarchy;
using Lines = std::vector<std::string>;

// Kernel: every v2 group counts CPU time; v1 needs cpuacct for it.
bool provides(const CgroupHierarchy& hierarchy, const std::string& controller) {
  return hierarchy.has(controller) || (hierarchy.v2 && controller == "cpuacct");
}

ControllerState state_of(const CgroupHierarchy& hierarchy) {
  if (!hierarchy.writable) {
    return ControllerState::refused;
  }
  return hierarchy.busy ? ControllerState::busy : ControllerState::usable;
}

bool has_v2(const policy::HostFacts& host) {
  return std::any_of(host.cgroups.begin(), host.cgroups.end(),
                     [](const CgroupHierarchy& hierarchy) { return hierarchy.v2; });
}

Lines remedy_of_absent(const std::string& name, const DoctorFacts& facts) {
  if (facts.host.cgroups.empty()) {
    return {"mount -t cgroup2 cgroup2 /sys/fs/cgroup"};
  }
  const auto known = facts.settings.controllers.find(name);
  if (known != facts.settings.controllers.end() && !known->second) {
    return {fmt::format("boot with cgroup_enable={}", name)};
  }
  // Kernel: v2 names it cpu, which counts and limits; /proc/cgroups may not list v2's own.
  if (has_v2(facts.host) && facts.settings.systemd && !facts.host.is_root) {
    return {"mkdir -p /etc/systemd/system/user@.service.d",
            "printf '[Service]\\nDelegate=cpu cpuset memory pids\\n' > "
            "/etc/systemd/system/user@.service.d/delegate.conf",
            "systemctl daemon-reload, and log in anew"};
  }
  if (known == facts.settings.controllers.end()) {
    return {fmt::format("boot a kernel with the {} controller", name)};
  }
  if (has_v2(facts.host) && facts.host.cgroups.size() == 1) {
    return {fmt::format("echo +{} > {}/cgroup.subtree_control", name,
                        facts.host.cgroups.front().mount_point)};
  }
  // Kernel: since 6.11 these two may be built for v2 only (CONFIG_MEMCG_V1, CONFIG_CPUSETS_V1), as
  // Debian does.
  if ((name == "memory" || name == "cpuset") && facts.host.kernel_at_least(6, 11)) {
    return {"boot with systemd.unified_cgroup_hierarchy=1"};
  }
  return {
      fmt::format("mkdir -p /sys/fs/cgroup/{0} && mount -t cgroup -o {0} cgroup "
                  "/sys/fs/cgroup/{0}",
                  name)};
}

// What gives this caller a group of its own.
Lines remedy_of_refused(const Controller& controller, const DoctorFacts& facts) {
  const HostSettings& settings = facts.settings;
  const std::uint32_t uid = facts.host.uid;
  const bool fenced = facts.host.is_root || settings.cgroups_read_only;
  if (fenced && settings.container == "kubernetes") {
    return {"securityContext: {privileged: true}"};
  }
  if (fenced && !settings.container.empty()) {
    return {fmt::format("{} run --privileged --cgroupns=private ...", settings.container)};
  }
  if (facts.host.is_root) {
    return {fmt::format("mount -o remount,rw {}", controller.mount_point)};
  }
  if (controller.version == 2 && settings.systemd && settings.user_manager) {
    return {"systemd-run --user --scope -p Delegate=yes sandbox run ..."};
  }
  if (controller.version == 2 && settings.systemd) {
    return {fmt::format("loginctl enable-linger {}", uid), "in a unit: Delegate=yes"};
  }
  const std::string own = fmt::format("{}/user-{}", controller.mount_point, uid);
  Lines lines;
  if (controller.version == 2) {
    // Kernel: who delegates a group gives these files, too; and a process moves only below a group
    // that is its own, so the caller must already be in it (cgroups(7), "Delegation").
    lines = {
        fmt::format("mkdir -p {0}/shell && chown {1} {0} {0}/cgroup.procs "
                    "{0}/cgroup.subtree_control",
                    own, uid),
        fmt::format("echo PID > {}/shell/cgroup.procs, PID being the shell of user {}", own, uid)};
  } else {
    lines = {fmt::format("mkdir -p {0} && chown {1} {0}", own, uid)};
  }
  if (controller.version == 1 && controller.name == "cpuset") {
    // Kernel: a v1 cpuset takes no task before it has CPUs and memory nodes (cpuset(7)).
    for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
      lines.push_back(fmt::format("cat {0}/{2} > {1}/{2}", controller.mount_point, own, file));
    }
  }
  lines.push_back(fmt::format("sandbox run --cgroup-parent user-{} ...", uid));
  return lines;
}

Lines remedy_of_busy(const Controller& controller, const DoctorFacts& facts) {
  if (!facts.settings.container.empty() || !facts.settings.systemd) {
    // As Docker's own image for Docker in Docker does at its start. Where this group is the
    // caller's own, our groups are then made beside the one called as the supervisor's.
    return {fmt::format("mkdir -p {0}/{1} && xargs -rn1 < {0}/cgroup.procs > {0}/{1}/cgroup.procs",
                        controller.group,
                        facts.settings.container.empty() ? policy::supervisor_group : "init")};
  }
  return {fmt::format("systemd-run {}--scope -p Delegate=yes sandbox run ...",
                      facts.host.is_root ? "" : "--user "),
          "in a unit: Delegate=yes, and DelegateSubgroup=sup (systemd 254 or newer)"};
}

Controller check_controller(const std::string& name, const DoctorFacts& facts) {
  Controller found{.name = name};
  for (const CgroupHierarchy& hierarchy : facts.host.cgroups) {
    const ControllerState state = state_of(hierarchy);
    if (provides(hierarchy, name) && (found.version == 0 || state < found.state)) {
      found.state = state;
      found.version = hierarchy.v2 ? 2 : 1;
      found.group = hierarchy.base;
      found.mount_point = hierarchy.mount_point;
    }
  }
  switch (found.state) {
    case ControllerState::usable:
      break;
    case ControllerState::busy:
      found.remedy = remedy_of_busy(found, facts);
      break;
    case ControllerState::refused:
      found.remedy = remedy_of_refused(found, facts);
      break;
    case ControllerState::absent:
      found.remedy = remedy_of_absent(name, facts);
      break;
  }
  return found;
}

std::string usable_by(const std::vector<Controller>& controllers, const std::string& name) {
  for (const Controller& controller : controllers) {
    if (controller.name == name && controller.state == ControllerState::usable) {
      return fmt::format("cgroup{} {}", controller.version,
                         controller.version == 2 && name == "cpuacct" ? "cpu.stat" : name);
    }
  }
  return "";
}

}  // namespace

std::string_view name_of(ControllerState state) {
  switch (state) {
    case ControllerState::usable:
      return "usable";
    case ControllerState::busy:
      return "busy";
    case ControllerState::refused:
      return "refused";
    case ControllerState::absent:
      return "absent";
  }
  return "absent";
}

std::string layout_of(const policy::HostFacts& host) {
  const bool v1 =
      std::any_of(host.cgroups.begin(), host.cgroups.end(), [](const CgroupHierarchy& hierarchy) {
        // systemd's own hierarchy, name=systemd, has no controller.
        return !hierarchy.v2 && !hierarchy.controllers.empty() &&
               !hierarchy.controllers.front().starts_with("name=");
      });
  if (v1) {
    return has_v2(host) ? "hybrid" : "v1";
  }
  return has_v2(host) ? "v2" : "none";
}

std::vector<Controller> check_controllers(const DoctorFacts& facts) {
  std::vector<Controller> controllers;
  for (const char* name : {"memory", "cpuacct", "pids", "cpu", "cpuset"}) {
    controllers.push_back(check_controller(name, facts));
  }
  return controllers;
}

std::vector<LimitEnforcement> check_limits(const DoctorFacts& facts,
                                           const std::vector<Controller>& controllers) {
  // Kernel: RLIMIT_NPROC counts by user and user namespace since 5.14 (decisions 10).
  const bool nproc = facts.host.is_root || facts.host.kernel_at_least(5, 14);
  const std::string pids = usable_by(controllers, "pids");
  return {
      {.limit = "wall_time", .by = "timer"},
      {.limit = "cpu_time", .by = usable_by(controllers, "cpuacct"), .best_effort = "RLIMIT_CPU"},
      {.limit = "memory", .by = usable_by(controllers, "memory"), .best_effort = "RLIMIT_DATA"},
      {.limit = "processes", .by = pids.empty() && nproc ? "RLIMIT_NPROC" : pids},
      {.limit = "output", .by = "pipe"},
      {.limit = "file_size", .by = "RLIMIT_FSIZE"},
      {.limit = "disk", .by = "tmpfs"},
      {.limit = "open_files", .by = "RLIMIT_NOFILE"},
      {.limit = "stack", .by = "RLIMIT_STACK"},
      {.limit = "cpus", .by = usable_by(controllers, "cpu")},
      {.limit = "cpu_set", .by = usable_by(controllers, "cpuset")},
  };
}

}  // namespace sb::cli
