#include "policy/cgroup_place.h"

#include <algorithm>
#include <cerrno>

#include <fmt/core.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/split.h"
#include "policy/proc_text.h"
#include "sys/files.h"
#include "sys/trouble.h"

namespace sb::policy {
namespace {

constexpr std::size_t largest_proc_file = 4U << 20;

// Where the group `path` of the hierarchy shows below the mount; empty where it does not.
std::string path_below(const CgroupMount& mount, const std::string& path) {
  if (mount.root == "/") {
    return path == "/" ? mount.point : mount.point + path;
  }
  // Why: inside a container the mount may show only its own part of the hierarchy.
  if (path == mount.root) {
    return mount.point;
  }
  return path.starts_with(mount.root + "/") ? mount.point + path.substr(mount.root.size()) : "";
}

bool serves(const CgroupMount& mount, const Membership& member) {
  if (member.controllers.empty() || mount.v2) {
    return member.controllers.empty() && mount.v2;
  }
  return std::find(mount.options.begin(), mount.options.end(), member.controllers.front()) !=
         mount.options.end();
}

// Kernel: systemd marks the groups it hands over by an extended attribute (systemd's
// CGROUP_DELEGATION document).
bool is_delegated(const std::string& mount_point, std::string path) {
  for (;;) {
    char value = 0;
    for (const char* name : {"trusted.delegate", "user.delegate"}) {
      if (::getxattr(path.c_str(), name, &value, 1) == 1 && value == '1') {
        return true;
      }
      sys::note_trouble(errno, path);
    }
    if (path.size() <= mount_point.size()) {
      return false;
    }
    path.resize(path.rfind('/'));
  }
}

std::string place_of_root(const std::string& mount_point) { return mount_point + "/sandbox"; }

std::string base_of_v2(const std::string& mount_point, const std::string& own, bool is_root) {
  const std::string suffix = fmt::format("/{}", supervisor_group);
  if (own.size() > mount_point.size() && own.ends_with(suffix)) {
    return own.substr(0, own.size() - suffix.size());
  }
  // Kernel: all groups but the root of the hierarchy have this file. In a container the group that
  // is mounted may hold processes, and then hands nothing down to a sibling of theirs.
  const bool in_namespace_root =
      own == mount_point && sys::stat_path(mount_point + "/cgroup.type").has_value();
  return is_root && !in_namespace_root && !is_delegated(mount_point, own)
             ? place_of_root(mount_point)
             : own;
}

std::vector<std::string> controllers_of_v2(const CgroupHierarchy& hierarchy) {
  // Why: what an earlier run did not need was not handed down to a base of ours, and still can be.
  std::string text =
      sys::read_file(
          (hierarchy.base_is_ours ? hierarchy.mount_point : hierarchy.base) + "/cgroup.controllers",
          4096)
          .data;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return split(text, ' ');
}

bool may_write(const std::string& directory) {
  if (::access(directory.c_str(), W_OK) == 0) {
    return true;
  }
  sys::note_trouble(errno, directory);
  return false;
}

bool is_writable(const CgroupHierarchy& hierarchy) {
  if (may_write(hierarchy.base)) {
    return true;
  }
  return hierarchy.v2 && !sys::stat_path(hierarchy.base) && may_write(hierarchy.mount_point);
}

// Whether others than this process stand in the way of handing controllers down.
bool is_busy(const CgroupHierarchy& hierarchy) {
  // Why: where v1 has them all, as on hybrid hosts, nothing is handed down.
  if (!hierarchy.has("memory") && !hierarchy.has("pids") && !hierarchy.has("cpu")) {
    return false;
  }
  std::string enabled = sys::read_file(hierarchy.base + "/cgroup.subtree_control", 4096).data;
  std::replace(enabled.begin(), enabled.end(), '\n', ' ');
  const std::vector<std::string> names = split(enabled, ' ');
  const bool complete = std::all_of(
      hierarchy.controllers.begin(), hierarchy.controllers.end(), [&](const std::string& wanted) {
        return (wanted != "memory" && wanted != "pids" && wanted != "cpu") ||
               std::find(names.begin(), names.end(), wanted) != names.end();
      });
  const std::string procs = sys::read_file(hierarchy.base + "/cgroup.procs", 4096).data;
  return !complete && !procs.empty() && procs != fmt::format("{}\n", ::getpid());
}

// A group named by the caller, without a way out of the mount.
std::string below(const std::string& mount_point, const std::string& parent) {
  return parent.find("..") != std::string::npos
             ? std::string()
             : fmt::format("{}{}{}", mount_point, parent.starts_with('/') ? "" : "/", parent);
}

}  // namespace

namespace {

// Why: a v1 hierarchy of other controllers is never used, and each costs a few looks at its files.
bool is_of_use(const CgroupMount& mount, const Membership& member) {
  return mount.v2 || std::any_of(member.controllers.begin(), member.controllers.end(),
                                 [](const std::string& name) {
                                   return name == "memory" || name == "pids" || name == "cpuacct" ||
                                          name == "cpu" || name == "cpuset";
                                 });
}

}  // namespace

Result<std::vector<CgroupHierarchy>> probe_cgroups(bool is_root, const std::string& parent) {
  std::vector<CgroupHierarchy> found;
  const std::vector<CgroupMount> mounts =
      cgroup_mounts_of(sys::read_file("/proc/self/mountinfo", largest_proc_file).data);
  for (const Membership& member :
       memberships_of(sys::read_file("/proc/self/cgroup", largest_proc_file).data)) {
    for (const CgroupMount& mount : mounts) {
      if (!serves(mount, member) || !is_of_use(mount, member)) {
        continue;
      }
      CgroupHierarchy hierarchy{
          .v2 = mount.v2, .controllers = member.controllers, .mount_point = mount.point};
      const std::string own = path_below(mount, member.path);
      if (!parent.empty()) {
        hierarchy.base = below(mount.point, parent);
      } else if (!own.empty()) {
        hierarchy.base = mount.v2 ? base_of_v2(mount.point, own, is_root) : own;
      }
      hierarchy.writable = !hierarchy.base.empty() && is_writable(hierarchy);
      // Why: a place that the caller names must be there already.
      if (hierarchy.base.empty() || (!parent.empty() && !sys::stat_path(hierarchy.base))) {
        continue;
      }
      if (mount.v2) {
        hierarchy.base_is_ours =
            is_root && parent.empty() && hierarchy.base == place_of_root(mount.point);
        hierarchy.controllers = controllers_of_v2(hierarchy);
        hierarchy.busy = is_busy(hierarchy);
      }
      found.push_back(std::move(hierarchy));
      break;
    }
  }
  if (found.empty() && !parent.empty()) {
    return Error(Tag::host_no_cgroup, fmt::format("looking for the cgroup \"{}\"", parent), ENOENT)
        .with_hint("--cgroup-parent is a path below the mount point of a cgroup hierarchy");
  }
  return found;
}

}  // namespace sb::policy
