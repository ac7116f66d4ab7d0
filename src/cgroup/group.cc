#include "cgroup/group.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cgroup/abandoned.h"
#include "cgroup/v1.h"
#include "cgroup/v2.h"
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

// Whether a run needs this hierarchy, and for what.
std::vector<std::string> used_controllers(const policy::CgroupHierarchy& hierarchy,
                                          const std::vector<std::string>& wanted) {
  std::vector<std::string> used;
  for (const std::string& name : wanted) {
    if (contains(hierarchy.controllers, name)) {
      used.push_back(name);
    }
  }
  return used;
}

// Why: where v1 counts everything the v2 tree of a hybrid host has nothing to add (decisions/0014).
bool needs_v2(const policy::HostFacts& facts, const std::vector<std::string>& used) {
  return !used.empty() || std::none_of(facts.cgroups.begin(), facts.cgroups.end(),
                                       [](const policy::CgroupHierarchy& hierarchy) {
                                         return hierarchy.writable && hierarchy.has("cpuacct");
                                       });
}

// The directory with the group's name, opened. nullopt: it was removed meanwhile.
Result<std::optional<sys::Fd>> make_directory(const std::string& path) {
  if (const int err = sys::make_directory(path); err != 0) {
    return Error(Tag::cgroup_create, fmt::format("creating cgroup \"{}\"", path), err);
  }
  sys::OpenResult directory = sys::open_path(path, O_RDONLY | O_DIRECTORY);
  if (directory.err == ENOENT) {
    return std::optional<sys::Fd>();
  }
  if (directory.err != 0) {
    (void)::rmdir(path.c_str());  // Why: the error below is the one to tell.
    return Error(Tag::cgroup_create, fmt::format("opening cgroup \"{}\"", path), directory.err);
  }
  return std::optional<sys::Fd>(std::move(directory.fd));
}

void remove_directory(const std::string& path, bool v2) {
  // Kernel: EBUSY until the last task has left, which may be a moment after it was reaped.
  constexpr int tries = 2000;
  for (int i = 0; i < tries; ++i) {
    if (v2) {
      v2::remove_members(path);
    }
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) {
      return;
    }
    if (errno != EBUSY && errno != EINTR) {
      break;
    }
    ::usleep(i < 10 ? 100 : 1000);
  }
  log_debug(fmt::format("cgroup \"{}\" stays until the next run removes it", path));
}

// Those that a group with these limits is made in, with the controllers that it uses.
std::vector<policy::CgroupHierarchy> used_hierarchies(const policy::HostFacts& facts,
                                                      const policy::Limits& limits) {
  std::vector<policy::CgroupHierarchy> used;
  for (policy::CgroupHierarchy hierarchy : facts.cgroups) {
    hierarchy.controllers = used_controllers(hierarchy, wanted_controllers(limits));
    const bool useful =
        hierarchy.v2 ? needs_v2(facts, hierarchy.controllers) : !hierarchy.controllers.empty();
    if (hierarchy.writable && !hierarchy.busy && useful) {
      used.push_back(std::move(hierarchy));
    }
  }
  return used;
}

}  // namespace

bool Group::is_joined_later(const policy::HostFacts& facts, const policy::Limits& limits) {
  const std::vector<policy::CgroupHierarchy> used = used_hierarchies(facts, limits);
  return !used.empty() &&
         std::none_of(used.begin(), used.end(),
                      [](const policy::CgroupHierarchy& hierarchy) { return hierarchy.v2; });
}

Result<Group> Group::create(const policy::HostFacts& facts, const policy::Limits& limits,
                            std::optional<std::uint32_t> owner) {
  const std::vector<policy::CgroupHierarchy> used = used_hierarchies(facts, limits);
  for (const policy::CgroupHierarchy& hierarchy : used) {
    if (hierarchy.v2) {
      CHECK(v2::make_ready(hierarchy, hierarchy.controllers));
    }
  }
  constexpr int most_names = 16;
  for (int attempt = 0; attempt < most_names; ++attempt) {
    Group group(fmt::format("{}{}.{:x}", group_prefix, ::getpid(), sys::monotonic_ns()));
    bool complete = true;
    for (const policy::CgroupHierarchy& hierarchy : used) {
      complete = complete && TRY(group.add_leaf(hierarchy, limits, owner));
    }
    if (complete) {
      CHECK(group.note_sources());
      return group;
    }
  }
  return Error(Tag::cgroup_create, "creating a cgroup that no other run removes", EBUSY);
}

Result<bool> Group::add_leaf(const policy::CgroupHierarchy& hierarchy, const policy::Limits& limits,
                             std::optional<std::uint32_t> owner) {
  const std::string path = fmt::format("{}/{}", hierarchy.base, name_);
  std::optional<sys::Fd> directory = TRY(make_directory(path));
  if (!directory) {
    return false;
  }
  // Why: in leaves_ from here on, so that whatever fails below is removed again.
  leaves_.push_back({.v2 = hierarchy.v2,
                     .path = path,
                     .parent = hierarchy.base,
                     .controllers = hierarchy.controllers,
                     .lock = *std::move(directory)});
  Leaf& leaf = leaves_.back();
  // Why each of them: another run's cleaner may see this one and not the others, where its own
  // place in their hierarchies is another.
  if (!lock_new(leaf.lock.ref(), path)) {
    return false;
  }
  if (leaf.v2) {
    CHECK(v2::make_members(leaf, leaf.controllers, owner));
    CHECK_AS(v2::write_limits(leaf, limits), fmt::format("limiting cgroup \"{}\"", path));
    return true;
  }
  sys::OpenResult counted = sys::open_at(leaf.lock.ref(), ".", O_RDONLY | O_DIRECTORY);
  sys::OpenResult tasks = sys::open_at(leaf.lock.ref(), "tasks", O_WRONLY);
  if (counted.err != 0 || tasks.err != 0) {
    return Error(Tag::cgroup_create, fmt::format("opening \"{}/tasks\"", path),
                 counted.err != 0 ? counted.err : tasks.err);
  }
  leaf.directory = std::move(counted.fd);
  leaf.tasks = std::move(tasks.fd);
  CHECK_AS(v1::write_limits(leaf, limits), fmt::format("limiting cgroup \"{}\"", path));
  return true;
}

Result<Done> Group::note_sources() {
  for (Leaf& leaf : leaves_) {
    // Why now: with cgroup v1 init mounts meanwhile, and in a sandbox that waits nobody does yet.
    leaf.counters.open(leaf.directory.ref(),
                       leaf.v2 ? v2::counter_files(leaf) : v1::counter_files(leaf));
  }
  const auto name = [](const Leaf& leaf) { return leaf.v2 ? "cgroup2" : "cgroup1"; };
  if (const Leaf* leaf = leaf_with("memory")) {
    oom_event_ = TRY(leaf->v2 ? v2::watch_oom(*leaf) : v1::watch_oom(*leaf));
    sources_.memory = name(*leaf);
    counts_memory_peak_ = !leaf->v2 || v2::counts_memory_peak(*leaf);
    sources_.peak = !leaf->v2             ? "cgroup1 memory.max_usage_in_bytes"
                    : counts_memory_peak_ ? "cgroup2 memory.peak"
                                          : "cgroup2 memory.current sampled";
  }
  if (const Leaf* leaf = leaf_of_cpu_time()) {
    sources_.cpu_time = name(*leaf);
    sources_.cpu_mechanism = leaf->v2 ? "cgroup2 cpu.stat" : "cgroup1 cpuacct";
  }
  if (const Leaf* leaf = leaf_with("pids")) {
    sources_.processes = name(*leaf);
  }
  return Done{};
}

Group::~Group() {
  oom_event_.reset();
  for (auto leaf = leaves_.rbegin(); leaf != leaves_.rend(); ++leaf) {
    leaf->tasks.reset();
    remove_directory(leaf->path, leaf->v2);
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

const Leaf* Group::leaf_of_cpu_time() const {
  for (const Leaf& leaf : leaves_) {
    if (leaf.v2) {
      return &leaf;
    }
  }
  return leaf_with("cpuacct");
}

sys::FdRef Group::init_directory() const {
  for (const Leaf& leaf : leaves_) {
    if (leaf.v2) {
      return leaf.init_directory.ref();
    }
  }
  return {};
}

sys::FdRef Group::target_directory() const {
  for (const Leaf& leaf : leaves_) {
    if (leaf.v2) {
      return leaf.directory.ref();
    }
  }
  return {};
}

std::optional<std::uint64_t> Group::cpu_ns() const {
  const Leaf* leaf = leaf_of_cpu_time();
  if (leaf == nullptr) {
    return std::nullopt;
  }
  return leaf->v2 ? v2::read_cpu_ns(*leaf) : v1::read_cpu_ns(*leaf);
}

Usage Group::cpu_usage() const {
  Usage usage;
  if (const Leaf* leaf = leaf_of_cpu_time()) {
    (void)(leaf->v2 ? v2::read_cpu_usage(*leaf, usage) : v1::read_cpu_usage(*leaf, usage));
  }
  return usage;
}

std::optional<std::uint64_t> Group::oom_kills() const {
  const Leaf* leaf = leaf_with("memory");
  if (leaf == nullptr) {
    return std::nullopt;
  }
  return leaf->v2 ? v2::read_oom_kills(*leaf) : v1::read_oom_kills(*leaf);
}

std::optional<std::uint64_t> Group::memory_sample() const {
  const Leaf* leaf = counts_memory_peak_ ? nullptr : leaf_with("memory");
  return leaf != nullptr ? v2::read_memory_now(*leaf) : std::nullopt;
}

Result<Usage> Group::usage() const {
  Usage usage;
  for (const Leaf& leaf : leaves_) {
    CHECK_AS(leaf.v2 ? v2::read_usage(leaf, usage) : v1::read_usage(leaf, usage),
             fmt::format("reading usage of \"{}\"", leaf.path));
  }
  return usage;
}

std::uint32_t Group::oom_poll_events() const {
  const Leaf* leaf = leaf_with("memory");
  // Kernel: files of cgroup v2 are always readable; a change is an exceptional condition.
  return leaf != nullptr && leaf->v2 ? EPOLLPRI : EPOLLIN;
}

void Group::acknowledge_oom() const {
  char ignored[512];
  // Why: the numbers are read by name; this only makes the descriptor wait again. An eventfd can't
  // be read at an offset.
  if (::pread(oom_event_.number(), ignored, sizeof ignored, 0) < 0) {
    (void)!::read(oom_event_.number(), ignored, sizeof ignored);
  }
}

bool Group::kill_all() const {
  return std::any_of(leaves_.begin(), leaves_.end(),
                     [](const Leaf& leaf) { return leaf.v2 && v2::kill_all(leaf); });
}

bool Group::set_frozen(bool frozen) const {
  return std::any_of(leaves_.begin(), leaves_.end(), [frozen](const Leaf& leaf) {
    return leaf.v2 && v2::set_frozen(leaf, frozen);
  });
}

}  // namespace sb::cgroup
