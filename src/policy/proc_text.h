// What /proc says of cgroups: the texts of mountinfo and of cgroup, taken apart.
// Must not read them: cgroup_place does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sb::policy {

// A mount of a cgroup hierarchy, v1 or v2.
struct CgroupMount {
  bool v2 = false;
  std::string root;   // what of the hierarchy is mounted
  std::string point;  // where
  std::vector<std::string> options;
};

// Of /proc/PID/mountinfo. Lines that are none are left out.
std::vector<CgroupMount> cgroup_mounts_of(std::string_view mountinfo);

// One line of /proc/PID/cgroup.
struct Membership {
  std::vector<std::string> controllers;  // empty: v2
  std::string path;
};

std::vector<Membership> memberships_of(std::string_view cgroup);

}  // namespace sb::policy
