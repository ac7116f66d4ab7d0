// The cgroup v1 files: limits, counters and the out-of-memory event of one leaf.
// Must not know which other hierarchies the group has.
#pragma once

#include "cgroup/group.h"

namespace sb::cgroup::v1 {

// Writes what this leaf's controllers enforce of `limits`. Errors: cgroup.limit.
Result<Done> write_limits(const Leaf& leaf, const policy::Limits& limits);

// The files that are read in each run.
std::vector<const char*> counter_files(const Leaf& leaf);

// Adds what this leaf's controllers count. Errors: cgroup.read.
Result<Done> read_usage(const Leaf& leaf, Usage& usage);
Result<Done> read_cpu_usage(const Leaf& leaf, Usage& usage);  // its CPU times alone

std::optional<std::uint64_t> read_cpu_ns(const Leaf& leaf);
std::optional<std::uint64_t> read_oom_kills(const Leaf& leaf);

// An eventfd that is written each time the leaf runs out of memory.
// Kernel: cgroup.event_control, Documentation/admin-guide/cgroup-v1/memory.rst §9.
Result<sys::Fd> watch_oom(const Leaf& leaf);

}  // namespace sb::cgroup::v1
