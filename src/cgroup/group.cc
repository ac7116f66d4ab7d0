#include "cgroup/group.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cgroup/abandoned.h"
#include "cgroup/v1.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::cgroup {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The controllers that a run uses. Why cpu: a group competes for CPUs as one, whatever its number
// of tasks, so that its limits are noticed in time (decisions 11).
std::vector<std::string> wanted_controllers(const policy::Limits& limits) {
  std::vector<std::string> wanted = {"memory", "pids", "cpuacct", "cpu"};
  if (limits.cpu_set) {
    wanted.emplace_back("cpuset");
  }
  return wanted;
}

// Locks a directory just made. False: an earlier run's cleaner removed it in between.
bool lock_new(sys::FdRef directory, const std::string& path) {
  while (::flock(directory.number(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  struct ::stat held {};
  struct ::stat named {};
  return ::fstat(directory.number(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

// nullopt: another run's cleaner took the new directory for an abandoned one.
Result<std::optional<Leaf>> make_leaf(const policy::CgroupHierarchy& hierarchy,
                                      const std::string& name) {
  Leaf leaf;
  leaf.v2 = hierarchy.v2;
  leaf.parent = hierarchy.own_path;
  leaf.path = fmt::format("{}/{}", hierarchy.own_path, name);
  leaf.controllers = hierarchy.controllers;
  if (::mkdir(leaf.path.c_str(), 0755) != 0) {
    return Error(Tag::cgroup_create, fmt::format("creating cgroup \"{}\"", leaf.path), errno);
  }
  sys::OpenResult directory = sys::open_path(leaf.path, O_RDONLY | O_DIRECTORY);
  if (directory.err == ENOENT) {
    return std::optional<Leaf>();
  }
  if (directory.err != 0) {
    (void)::rmdir(leaf.path.c_str());  // Why: the error below is the one to tell.
    return Error(Tag::cgroup_create, fmt::format("opening cgroup \"{}\"", leaf.path),
                 directory.err);
  }
  leaf.directory = std::move(directory.fd);
  return std::optional<Leaf>(std::move(leaf));
}

Result<Done> open_tasks(Leaf& leaf) {
  sys::OpenResult tasks = sys::open_at(leaf.directory.ref(), "tasks", O_WRONLY);
  if (tasks.err != 0) {
    return Error(Tag::cgroup_create, fmt::format("opening \"{}/tasks\"", leaf.path), tasks.err);
  }
  leaf.tasks = std::move(tasks.fd);
  return Done{};
}

// A limit whose controller this host lacks stops the run, unless told otherwise (contract §5).
Result<Done> require_controllers(const policy::HostFacts& facts, const policy::Limits& limits,
                                 bool best_effort, std::vector<std::string>* warnings) {
  struct Need {
    bool asked;
    const char* limit;
    const char* controller;
    Tag tag;
  };
  const std::array needs = {
      Need{limits.memory_bytes.has_value(), "memory", "memory", Tag::host_no_memory_controller},
      Need{limits.cpu_time_ns.has_value(), "cpu_time", "cpuacct", Tag::host_no_cpu_controller},
      Need{limits.processes.has_value(), "processes", "pids", Tag::host_no_pids_controller},
      Need{limits.cpus_millis.has_value(), "cpus", "cpu", Tag::host_no_cpu_controller},
      Need{limits.cpu_set.has_value(), "cpu_set", "cpuset", Tag::host_no_cpuset_controller},
  };
  for (const Need& need : needs) {
    if (!need.asked || facts.cgroup_with(need.controller) != nullptr) {
      continue;
    }
    if (!best_effort) {
      return Error(need.tag, fmt::format("limiting {}: no writable cgroup with the {} controller",
                                         need.limit, need.controller));
    }
    warnings->push_back(fmt::format("{} is not limited: no writable cgroup with the {} controller",
                                    need.limit, need.controller));
  }
  return Done{};
}

void remove_directory(const std::string& path) {
  // Kernel: EBUSY until the last task has left, which may be a moment after it was reaped.
  constexpr int tries = 2000;
  for (int i = 0; i < tries; ++i) {
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) {
      return;
    }
    if (errno != EBUSY) {
      break;
    }
    ::usleep(i < 10 ? 100 : 1000);
  }
  log_debug(fmt::format("cgroup \"{}\" stays until the next run removes it", path));
}

}  // namespace

Result<Group> Group::create(const policy::HostFacts& facts, const policy::Limits& limits,
                            bool best_effort, std::vector<std::string>* warnings) {
  CHECK(require_controllers(facts, limits, best_effort, warnings));
  (void)remove_abandoned(facts);  // Why: what can't be removed now is not this run's business.
  const std::vector<std::string> wanted = wanted_controllers(limits);
  constexpr int most_names = 16;
  for (int attempt = 0; attempt < most_names; ++attempt) {
    Group group(fmt::format("{}{}.{:x}", group_prefix, ::getpid(), sys::monotonic_ns()));
    bool raced = false;
    for (const policy::CgroupHierarchy& hierarchy : facts.cgroups) {
      const bool useful = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
        return contains(hierarchy.controllers, name);
      });
      if (hierarchy.v2 || !hierarchy.writable || !useful) {
        continue;
      }
      std::optional<Leaf> made = TRY(make_leaf(hierarchy, group.name_));
      if (!made) {
        raced = true;
        break;
      }
      group.leaves_.push_back(*std::move(made));
      Leaf& leaf = group.leaves_.back();
      // Why: the first directory carries the lock of all; it is made first and removed last.
      if (group.leaves_.size() == 1 && !lock_new(leaf.directory.ref(), leaf.path)) {
        raced = true;
        break;
      }
      CHECK_AS(v1::write_limits(leaf, limits), fmt::format("limiting cgroup \"{}\"", leaf.path));
      CHECK(open_tasks(leaf));
    }
    if (raced) {
      continue;
    }
    if (const Leaf* leaf = group.leaf_with("memory")) {
      group.oom_event_ = TRY(v1::watch_oom(*leaf));
      group.sources_.memory = "cgroup1";
      group.sources_.peak = "cgroup1 memory.max_usage_in_bytes";
    }
    if (group.leaf_with("cpuacct") != nullptr) {
      group.sources_.cpu_time = "cgroup1";
      group.sources_.cpu_mechanism = "cgroup1 cpuacct";
    }
    if (group.leaf_with("pids") != nullptr) {
      group.sources_.processes = "cgroup1";
    }
    return group;
  }
  return Error(Tag::cgroup_create, "creating a cgroup that no other run removes", EBUSY);
}

Group::~Group() {
  oom_event_.reset();
  for (auto leaf = leaves_.rbegin(); leaf != leaves_.rend(); ++leaf) {
    leaf->tasks.reset();
    remove_directory(leaf->path);
  }
}

const Leaf* Group::leaf_with(const char* controller) const {
  for (const Leaf& leaf : leaves_) {
    if (contains(leaf.controllers, controller)) {
      return &leaf;
    }
  }
  return nullptr;
}

std::vector<sys::FdRef> Group::join_fds() const {
  std::vector<sys::FdRef> fds;
  for (const Leaf& leaf : leaves_) {
    if (leaf.tasks.valid()) {
      fds.push_back(leaf.tasks.ref());
    }
  }
  return fds;
}

sys::FdRef Group::clone_into() const {
  for (const Leaf& leaf : leaves_) {
    if (leaf.v2) {
      return leaf.directory.ref();
    }
  }
  return {};
}

std::optional<std::uint64_t> Group::cpu_ns() const {
  const Leaf* leaf = leaf_with("cpuacct");
  return leaf != nullptr ? v1::read_cpu_ns(*leaf) : std::nullopt;
}

std::optional<std::uint64_t> Group::oom_kills() const {
  const Leaf* leaf = leaf_with("memory");
  return leaf != nullptr ? v1::read_oom_kills(*leaf) : std::nullopt;
}

Result<Usage> Group::usage() const {
  Usage usage;
  for (const Leaf& leaf : leaves_) {
    CHECK_AS(v1::read_usage(leaf, usage), fmt::format("reading usage of \"{}\"", leaf.path));
  }
  return usage;
}

bool Group::kill_all() const { return false; }

}  // namespace sb::cgroup
