#include "cli/doctor_settings.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/core.h>
#include <sys/statvfs.h>

#include "base/split.h"
#include "base/units.h"
#include "cli/systemd_scope.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

constexpr std::size_t largest_file = 4U << 20;

std::string first_line_of(const std::string& path) {
  return std::string(first_line(sys::read_file(path, largest_file).data));
}

std::optional<std::uint64_t> setting(const char* name) {
  return parse_unsigned(first_line_of(fmt::format("/proc/sys/{}", name)));
}

bool exists(const std::string& path) { return sys::stat_path(path).has_value(); }

bool is_filtered() {
  std::istringstream status(sys::read_file("/proc/self/status", largest_file).data);
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Seccomp:")) {
      return line.ends_with('2');
    }
  }
  return false;
}

// Kernel: a chroot's root is no mount point, so mountinfo has no entry for "/" (proc(5)).
bool is_chrooted() {
  std::istringstream mounts(sys::read_file("/proc/self/mountinfo", largest_file).data);
  bool any = false;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id;
    std::string parent;
    std::string device;
    std::string root;
    std::string point;
    fields >> id >> parent >> device >> root >> point;
    if (point == "/") {
      return false;
    }
    any = true;
  }
  return any;
}

std::string container_name() {
  // Kubernetes puts the address of its service into every container of a pod.
  if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) {
    return "kubernetes";
  }
  if (exists("/.dockerenv")) {
    return "docker";
  }
  return exists("/run/.containerenv") ? "podman" : "";
}

// name, hierarchy, number of groups, enabled; with a heading (cgroups(7)).
std::map<std::string, bool> kernel_controllers() {
  std::map<std::string, bool> found;
  std::istringstream table(sys::read_file("/proc/cgroups", largest_file).data);
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string name;
    std::string hierarchy;
    std::string groups;
    int enabled = 0;
    if (!line.starts_with('#') && fields >> name >> hierarchy >> groups >> enabled) {
      found[name] = enabled != 0;
    }
  }
  return found;
}

// Kernel: v1 has the file everywhere or nowhere, v2 in every group but the root.
bool counts_swap(const policy::HostFacts& facts) {
  for (const policy::CgroupHierarchy& hierarchy : facts.cgroups) {
    if (!hierarchy.has("memory")) {
      continue;
    }
    const bool is_root =
        hierarchy.base == hierarchy.mount_point || !exists(hierarchy.base + "/cgroup.controllers");
    return hierarchy.v2 ? is_root || exists(hierarchy.base + "/memory.swap.max")
                        : exists(hierarchy.base + "/memory.memsw.limit_in_bytes");
  }
  return false;
}

bool are_cgroups_read_only(const policy::HostFacts& facts) {
  struct statvfs status {};
  return std::any_of(facts.cgroups.begin(), facts.cgroups.end(),
                     [&](const policy::CgroupHierarchy& hierarchy) {
                       return ::statvfs(hierarchy.mount_point.c_str(), &status) == 0 &&
                              (status.f_flag & ST_RDONLY) != 0;
                     });
}

// The table of swaps without its heading.
bool has_swap() {
  const std::string swaps = sys::read_file("/proc/swaps", largest_file).data;
  return first_line(swaps).size() + 1 < swaps.size();
}

}  // namespace

HostSettings read_settings(const policy::HostFacts& facts) {
  return {
      .unprivileged_userns_clone = setting("kernel/unprivileged_userns_clone"),
      .apparmor_restrict_unprivileged_userns =
          setting("kernel/apparmor_restrict_unprivileged_userns"),
      .ptrace_scope = setting("kernel/yama/ptrace_scope"),
      .filtered = is_filtered(),
      .has_proc = exists("/proc/self/mountinfo"),
      .chrooted = is_chrooted(),
      .container = container_name(),
      .cgroups_read_only = are_cgroups_read_only(facts),
      .systemd = exists("/run/systemd/system"),
      .user_manager = exists(fmt::format("/run/user/{}/systemd/private", facts.uid)),
      .in_scope = std::getenv(scope_marker) != nullptr,
      .has_swap = has_swap(),
      .swap_accounted = counts_swap(facts),
      .controllers = kernel_controllers(),
      .clock_source =
          first_line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
  };
}

}  // namespace sb::cli
