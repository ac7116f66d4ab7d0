// Group: one run's leaf in the cgroup tree, in every hierarchy that serves it: create, join, read
// usage, kill, remove. v1, v2 and hybrid hosts look the same from here.
// Must not decide which limit matters, nor when a run ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cgroup/counters.h"
#include "policy/host_facts.h"
#include "policy/limits.h"
#include "sys/fd.h"

namespace sb::cgroup {

// nullopt: no controller of this host counts it.
struct Usage {
  std::optional<std::uint64_t> cpu_ns;
  std::optional<std::uint64_t> user_ns;
  std::optional<std::uint64_t> system_ns;
  std::optional<std::uint64_t> memory_peak_bytes;  // at least; see Group::memory_sample()
  std::optional<std::uint64_t> oom_kills;
  // After such kills: whether the group came to its own limit; false where that of a group above
  // stopped it, or the host's memory ran out.
  std::optional<bool> met_memory_limit;
  std::optional<std::uint64_t> processes_peak;
  std::optional<std::uint64_t> processes_refused;
};

// One hierarchy's part of the group.
struct Leaf {
  bool v2 = false;
  std::string path;  // the directory with the group's name
  std::string parent;
  std::vector<std::string> controllers;  // those of the hierarchy that this group uses
  sys::Fd lock;                          // on `path`; says that its supervisor lives
  sys::Fd directory;       // where limits and counters are: `path` on v1, `path`/run on v2
  sys::Fd tasks;           // v1: the target joins by writing "0" here
  sys::Fd init_directory;  // v2: where init is cloned to
  Counters counters;       // of `directory`
};

// Where each number comes from, for `enforced` and `peak_source`; empty: nowhere.
struct Sources {
  std::string memory;  // "cgroup1", "cgroup2"
  std::string cpu_time;
  std::string processes;
  std::string peak;  // "cgroup1 memory.max_usage_in_bytes", "cgroup2 memory.current sampled"
  std::string cpu_mechanism;  // "cgroup1 cpuacct"
};

class Group {
 public:
  // Makes the group in each hierarchy that serves it, writes the limits, and takes a lock on it for
  // as long as this object lives. First removes groups of earlier runs that nobody locks. `owner`:
  // init's host id, where it is another than ours. Errors: cgroup.create, cgroup.busy,
  // cgroup.limit.
  static Result<Group> create(const policy::HostFacts& facts, const policy::Limits& limits,
                              std::optional<std::uint32_t> owner);

  Group(Group&&) noexcept = default;
  Group& operator=(Group&&) = delete;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();  // kills what is left, waits until it is gone, removes the directories

  bool exists() const { return !leaves_.empty(); }
  const std::string& name() const { return name_; }
  // Whether create() would make a group that is joined by join_fds() alone: nothing of it is needed
  // for the clone.
  static bool is_joined_later(const policy::HostFacts& facts, const policy::Limits& limits);
  std::vector<sys::FdRef> join_fds() const;
  // v2: the directories to clone init and the target into; invalid without a v2 leaf.
  sys::FdRef init_directory() const;
  sys::FdRef target_directory() const;
  const Sources& sources() const { return sources_; }

  // Cheap: one small read. nullopt where nothing counts CPU time, or the file can't be read.
  std::optional<std::uint64_t> cpu_ns() const;
  // The CPU times of usage() alone; none where they can't be read.
  Usage cpu_usage() const;
  std::optional<std::uint64_t> oom_kills() const;
  // Where the kernel does not count the peak of memory (v2 before 5.19), what is used now; else,
  // and where nothing counts memory, nullopt.
  std::optional<std::uint64_t> memory_sample() const;
  Result<Usage> usage() const;
  // Polls with oom_poll_events() when the group may have run out of memory; invalid where nothing
  // counts memory. acknowledge_oom() makes it wait for the next time.
  sys::FdRef oom_event() const { return oom_event_.ref(); }
  std::uint32_t oom_poll_events() const;
  void acknowledge_oom() const;

  // SIGKILL to all members, where the kernel can do so at one instant (cgroup.kill, v2 since 5.14).
  bool kill_all() const;

  // Freezes all members or lets them go on, where the kernel can (cgroup.freeze, v2 since 5.2);
  // then waits a moment until they stand. False: it can't, and nothing was done.
  bool set_frozen(bool frozen) const;

 private:
  explicit Group(std::string name) : name_(std::move(name)) {}
  const Leaf* leaf_with(const char* controller) const;
  const Leaf* leaf_of_cpu_time() const;
  // False: another run's cleaner took the new directory for an abandoned one; try another name.
  Result<bool> add_leaf(const policy::CgroupHierarchy& hierarchy, const policy::Limits& limits,
                        std::optional<std::uint32_t> owner);
  Result<Done> note_sources();

  std::string name_;
  std::vector<Leaf> leaves_;
  Sources sources_;
  sys::Fd oom_event_;
  bool counts_memory_peak_ = true;
};

}  // namespace sb::cgroup
