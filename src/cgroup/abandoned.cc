#include "cgroup/abandoned.h"

#include <cerrno>
#include <set>
#include <string>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include "cgroup/v2.h"
#include "sys/files.h"

namespace sb::cgroup {
namespace {

// Holds the lock of one abandoned name in every hierarchy where it exists, so that no creator can
// take it for its own meanwhile; false if somebody living holds one.
bool lock_all(const policy::HostFacts& facts, const std::string& name,
              std::vector<sys::Fd>& locks) {
  for (const policy::CgroupHierarchy& hierarchy : facts.cgroups) {
    sys::OpenResult directory =
        sys::open_path(fmt::format("{}/{}", hierarchy.base, name), O_RDONLY | O_DIRECTORY);
    if (directory.err != 0) {
      continue;
    }
    if (::flock(directory.fd.number(), LOCK_EX | LOCK_NB) != 0) {
      return false;
    }
    locks.push_back(std::move(directory.fd));
  }
  return true;
}

}  // namespace

std::vector<std::string> remove_abandoned(const policy::HostFacts& facts) {
  std::set<std::string> names;
  for (const policy::CgroupHierarchy& hierarchy : facts.cgroups) {
    if (!hierarchy.writable) {
      continue;
    }
    const sys::OpenResult parent = sys::open_path(hierarchy.base, O_RDONLY | O_DIRECTORY);
    for (std::string& name : sys::list_directory(parent.fd.ref(), group_prefix)) {
      names.insert(std::move(name));
    }
  }
  std::vector<std::string> removed;
  for (const std::string& name : names) {
    std::vector<sys::Fd> locks;
    if (!lock_all(facts, name, locks)) {
      continue;
    }
    for (auto hierarchy = facts.cgroups.rbegin(); hierarchy != facts.cgroups.rend(); ++hierarchy) {
      const std::string path = fmt::format("{}/{}", hierarchy->base, name);
      if (hierarchy->v2) {
        v2::remove_members(path);
      }
      // Why: EBUSY means that its last processes are still dying; the next run tries again.
      if (::rmdir(path.c_str()) == 0) {
        removed.push_back(path);
      }
    }
  }
  return removed;
}

}  // namespace sb::cgroup
