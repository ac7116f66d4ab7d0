#include "cgroup/files.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "base/split.h"
#include "base/units.h"
#include "cgroup/cpu_list.h"
#include "sys/files.h"

namespace sb::cgroup {
Result<Done> write_value(sys::FdRef directory, const std::string& file, const std::string& value) {
  const int err = sys::write_file_at(directory, file, value);
  if (err != 0) {
    return Error(Tag::cgroup_limit, fmt::format("writing \"{}\" to {}", value, file), err);
  }
  return Done{};
}

// Kernel: v2 takes CPUs that are offline or not the parent's, and falls back to all of the parent's
// (cgroup-v2.rst); v1 refuses them.
Result<Done> write_cpu_set(sys::FdRef directory, const std::string& cpus, const char* effective,
                           const std::string& parent) {
  int err = sys::write_file_at(directory, "cpuset.cpus", cpus);
  if (err == 0) {
    const sys::ReadResult now = sys::read_file_at(directory, effective, largest_file);
    err = now.err != 0 ? now.err : parse_cpu_list(now.data) != parse_cpu_list(cpus) ? EINVAL : 0;
  }
  if (err == 0) {
    return Done{};
  }
  Error error(Tag::cgroup_limit, fmt::format("writing \"{}\" to cpuset.cpus", cpus), err);
  const sys::ReadResult choice =
      sys::read_file(fmt::format("{}/{}", parent, effective), largest_file);
  if (choice.err != 0 || choice.data.empty()) {
    return error;
  }
  return std::move(error).with_hint(
      fmt::format("the CPUs that a run may use here: {}", first_line(choice.data)));
}

Bandwidth bandwidth_of(std::uint64_t cpus_millis) {
  constexpr std::uint64_t period_us = 20'000;
  constexpr std::uint64_t least_quota_us = 1'000;
  return {std::max(cpus_millis * period_us / 1000, least_quota_us), period_us};
}

}  // namespace sb::cgroup
