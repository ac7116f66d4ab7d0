#include "policy/host_facts.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <linux/capability.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "policy/capabilities.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

constexpr std::size_t largest_proc_file = 4U << 20;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

// Kernel: /proc/PID/mountinfo writes space, tab, newline and backslash as \ooo (proc(5)).
std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

struct CgroupMount {
  bool v2 = false;
  std::string root;   // what of the hierarchy is mounted
  std::string point;  // where
  std::vector<std::string> options;
};

std::vector<CgroupMount> cgroup_mounts() {
  std::vector<CgroupMount> mounts;
  const sys::ReadResult file = sys::read_file("/proc/self/mountinfo", largest_proc_file);
  for (const std::string& line : split(file.data, '\n')) {
    // id parent major:minor root point options [tags] - type source super-options
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) {
      continue;
    }
    const std::vector<std::string> left = split(line.substr(0, dash), ' ');
    const std::vector<std::string> right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 3 || !right[0].starts_with("cgroup")) {
      continue;
    }
    mounts.push_back({.v2 = right[0] == "cgroup2",
                      .root = unescape(left[3]),
                      .point = unescape(left[4]),
                      .options = split(right[2], ',')});
  }
  return mounts;
}

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

std::vector<CgroupHierarchy> probe_cgroups() {
  std::vector<CgroupHierarchy> found;
  const std::vector<CgroupMount> mounts = cgroup_mounts();
  const sys::ReadResult file = sys::read_file("/proc/self/cgroup", largest_proc_file);
  for (const std::string& line : split(file.data, '\n')) {
    // id:controllers:path; v2 is "0::path" (cgroups(7))
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::vector<std::string> controllers =
        split(line.substr(first + 1, second - first - 1), ',');
    CgroupHierarchy hierarchy;
    hierarchy.v2 = controllers.empty();
    for (const CgroupMount& mount : mounts) {
      const bool same = hierarchy.v2
                            ? mount.v2
                            : !mount.v2 && std::find(mount.options.begin(), mount.options.end(),
                                                     controllers.front()) != mount.options.end();
      if (same) {
        hierarchy.own_path = path_below(mount, line.substr(second + 1));
      }
      if (!hierarchy.own_path.empty()) {
        break;
      }
    }
    if (hierarchy.own_path.empty() || !sys::stat_path(hierarchy.own_path)) {
      continue;
    }
    hierarchy.controllers = controllers;
    if (hierarchy.v2) {
      std::string text = sys::read_file(hierarchy.own_path + "/cgroup.controllers", 4096).data;
      std::replace(text.begin(), text.end(), '\n', ' ');
      hierarchy.controllers = split(text, ' ');
    }
    hierarchy.writable = ::access(hierarchy.own_path.c_str(), W_OK) == 0;
    found.push_back(std::move(hierarchy));
  }
  return found;
}

}  // namespace

bool CgroupHierarchy::has(const std::string& controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

const CgroupHierarchy* HostFacts::cgroup_with(const std::string& controller) const {
  for (const CgroupHierarchy& hierarchy : cgroups) {
    if (hierarchy.writable && hierarchy.has(controller)) {
      return &hierarchy;
    }
  }
  return nullptr;
}

Result<HostFacts> probe_host() {
  HostFacts facts;
  facts.uid = ::geteuid();
  facts.gid = ::getegid();
  if (::getuid() != facts.uid || ::getgid() != facts.gid) {
    return Error(Tag::host_setuid, "starting with more rights than the caller's");
  }
  facts.is_root = facts.uid == 0 &&
                  has_effective_capabilities({CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_CHOWN});
  utsname name{};
  if (::uname(&name) == 0) {
    facts.kernel = static_cast<const char*>(name.release);
  }
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
    facts.cpus = static_cast<unsigned>(CPU_COUNT(&cpus));
  }
  facts.cgroups = probe_cgroups();
  return facts;
}

}  // namespace sb::policy
