#include "cgroup/abandoned.h"

#include <cerrno>
#include <set>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include "cgroup/v2.h"
#include "sys/files.h"

namespace sb::cgroup {
namespace {

// One hierarchy's directory of an abandoned name, held by its lock.
struct Locked {
  std::string path;
  bool v2;
  sys::Fd lock;
};

// Holds the lock of one abandoned name in every hierarchy where it exists, so that no creator can
// take it for its own meanwhile; nothing if somebody living holds one, or if that can't be known.
// Why only a missing directory is passed over: what can't be opened for want of descriptors is not
// known to be abandoned, and an empty group of a run that starts can be removed under its feet.
std::vector<Locked> lock_all(const policy::HostFacts& facts, const std::string& name) {
  std::vector<Locked> locked;
  for (const policy::CgroupHierarchy& hierarchy : facts.cgroups) {
    std::string path = fmt::format("{}/{}", hierarchy.base, name);
    sys::OpenResult directory = sys::open_path(path, O_RDONLY | O_DIRECTORY);
    if (directory.err == ENOENT) {
      continue;
    }
    if (directory.err != 0 || ::flock(directory.fd.number(), LOCK_EX | LOCK_NB) != 0) {
      return {};
    }
    locked.push_back({std::move(path), hierarchy.v2, std::move(directory.fd)});
  }
  return locked;
}

}  // namespace

std::vector<std::string> remove_abandoned(const policy::HostFacts& facts, std::string_view own) {
  std::set<std::string> names;
  for (const policy::CgroupHierarchy& hierarchy : facts.cgroups) {
    if (!hierarchy.writable) {
      continue;
    }
    // Kernel: a directory of a cgroup hierarchy has two links, and one for each below it (kernfs).
    const auto status = sys::stat_path(hierarchy.base);
    const nlink_t made = !own.empty() && status && status->st_nlink > 2 &&
                                 sys::stat_path(fmt::format("{}/{}", hierarchy.base, own))
                             ? 3
                             : 2;
    if (status && status->st_nlink == made) {
      continue;
    }
    const sys::OpenResult parent = sys::open_path(hierarchy.base, O_RDONLY | O_DIRECTORY);
    for (std::string& name : sys::list_directory(parent.fd.ref(), group_prefix).names) {
      names.insert(std::move(name));
    }
  }
  std::vector<std::string> removed;
  for (const std::string& name : names) {
    const std::vector<Locked> locked = lock_all(facts, name);
    for (auto group = locked.rbegin(); group != locked.rend(); ++group) {
      if (group->v2) {
        v2::remove_members(group->path);
      }
      // Why: EBUSY means that its last processes are still dying; the next run tries again.
      if (::rmdir(group->path.c_str()) == 0) {
        removed.push_back(group->path);
      }
    }
  }
  return removed;
}

}  // namespace sb::cgroup
