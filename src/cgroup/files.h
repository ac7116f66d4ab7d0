// Writing the files of a cgroup directory.
// Must not know what a file means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::cgroup {

// Limit: of what is read of one.
inline constexpr std::size_t largest_file = 16384;

// Errors: cgroup.limit, naming the file and the value.
Result<Done> write_value(sys::FdRef directory, const std::string& file, const std::string& value);

// Writes cpuset.cpus, and sees that these and no others are in effect, by `effective`, the file
// that says so. Errors: cgroup.limit, with the CPUs that may be chosen below `parent` in the hint.
Result<Done> write_cpu_set(sys::FdRef directory, const std::string& cpus, const char* effective,
                           const std::string& parent);

// A share of CPU time as the kernel wants it.
// Why: a period of 20 ms rather than the usual 100: a program that has used up its share waits a
// fifth as long. Kernel: the quota is at least 1 ms.
struct Bandwidth {
  std::uint64_t quota_us = 0;
  std::uint64_t period_us = 0;
};
Bandwidth bandwidth_of(std::uint64_t cpus_millis);

}  // namespace sb::cgroup
