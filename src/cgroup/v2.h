// The cgroup v2 files: making room, limits, counters, events and the kill of one leaf.
// Must not know which other hierarchies the group has.
//
// A v2 leaf is three directories: NAME holds the limits of nobody; NAME/init is where init is
// cloned to, so that it is not measured; NAME/run is the group proper. Init may clone the target
// into `run` since the way between the two, NAME, is given to it (decisions 4).
#pragma once

#include "cgroup/group.h"

namespace sb::cgroup::v2 {

// Sees to it that groups with these controllers can be made below `base`: makes it if need be,
// enables them, and moves this process to `sup` where it is alone in the way.
// Errors: cgroup.create, cgroup.busy.
Result<Done> make_ready(const policy::CgroupHierarchy& hierarchy,
                        const std::vector<std::string>& controllers);

// Makes `init` and `run` below the leaf's directory; `owner` is init's host id where it is another
// than ours. Errors: cgroup.create.
Result<Done> make_members(Leaf& leaf, const std::vector<std::string>& controllers,
                          std::optional<std::uint32_t> owner);
void remove_members(const std::string& path);

Result<Done> write_limits(const Leaf& leaf, const policy::Limits& limits);
// The files that are read in each run.
std::vector<const char*> counter_files(const Leaf& leaf);
Result<Done> read_usage(const Leaf& leaf, Usage& usage);
Result<Done> read_cpu_usage(const Leaf& leaf, Usage& usage);  // its CPU times alone
std::optional<std::uint64_t> read_cpu_ns(const Leaf& leaf);
// How often the out-of-memory killer struck.
std::optional<std::uint64_t> read_oom_kills(const Leaf& leaf);
// Kernel: memory.peak since 5.19.
bool counts_memory_peak(const Leaf& leaf);
std::optional<std::uint64_t> read_memory_now(const Leaf& leaf);

// Polls EPOLLPRI when a counter of memory.events changes; read it once to wait again.
Result<sys::Fd> watch_oom(const Leaf& leaf);

// SIGKILL to all members at one instant. Kernel: cgroup.kill since 5.14; false without it.
bool kill_all(const Leaf& leaf);

// Kernel: cgroup.freeze since 5.2; false without it. What is frozen can still be killed.
bool set_frozen(const Leaf& leaf, bool frozen);

}  // namespace sb::cgroup::v2
