// HostFacts: what this host and this caller can do, found once at start. Values only.
// Must not decide anything (resolve.cc) or change anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace sb::policy {

// One cgroup hierarchy and the place in it where groups of ours are made.
struct CgroupHierarchy {
  bool v2 = false;
  std::vector<std::string> controllers;  // v1: mounted together; v2: those that can be enabled
  std::string mount_point;
  std::string base;           // absolute path of the group below which ours are made
  bool base_is_ours = false;  // v2: made by the first run, right below the mount point
  bool writable = false;      // groups can be made there
  bool busy = false;  // v2: other processes are in the way (cgroups(7), "no internal processes")

  bool has(const std::string& controller) const;
};

struct HostFacts {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // supplementary ones, without gid
  bool is_root = false;               // effective uid 0 with CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID
  std::string kernel;                 // uname release
  unsigned cpus = 1;                  // usable by this process
  std::vector<CgroupHierarchy> cgroups;

  bool kernel_at_least(unsigned major, unsigned minor) const;
};

// `cgroup_parent`: a group below the mount point of each hierarchy that has it, in the place of the
// caller's own; empty for none. Errors: host.setuid, host.no_cgroup where no hierarchy has it.
Result<HostFacts> probe_host(const std::string& cgroup_parent);

// Whether every look at the host, by then, found something or learnt that it is missing. Why before
// a launch: what could not be looked at may be a part of the root, or what a limit needs.
// Errors: host.unreadable.
Result<Done> check_looks();

}  // namespace sb::policy
