// HostFacts: what this host and this caller can do, found once at start. Values only.
// Must not decide anything (resolve.cc) or change anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace sb::policy {

// One cgroup hierarchy and the caller's place in it.
struct CgroupHierarchy {
  bool v2 = false;
  std::vector<std::string> controllers;  // v1: mounted together; v2: in the own group's controllers
  std::string own_path;                  // absolute path of the caller's own group directory
  bool writable = false;                 // groups can be made below own_path

  bool has(const std::string& controller) const;
};

struct HostFacts {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool is_root = false;  // effective uid 0 with CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID
  std::string kernel;    // uname release
  unsigned cpus = 1;     // usable by this process
  std::vector<CgroupHierarchy> cgroups;

  const CgroupHierarchy* cgroup_with(const std::string& controller) const;
};

Result<HostFacts> probe_host();

}  // namespace sb::policy
