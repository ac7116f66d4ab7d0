// Limits of one run, each with its unit and what it really bounds.
// Must not say where they came from (profile.h) or how they are applied (cgroup, launch).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sb::policy {

enum class OnOutputLimit { stop, truncate };

// nullopt: the limit is off ("none").
struct Limits {
  std::optional<std::uint64_t> wall_time_ns;     // from the target's exec to its end
  std::optional<std::uint64_t> virtual_time_ns;  // from the exec, by a virtual clock
  std::optional<std::uint64_t> cpu_time_ns;      // user + system of the whole group, dead ones too
  std::optional<std::uint64_t> memory_bytes;  // RAM charged to the group, tmpfs included; no swap
  std::optional<std::uint64_t> processes;     // tasks of the group: threads count
  std::optional<std::uint64_t> output_bytes;  // stdout and stderr, each
  std::optional<std::uint64_t> file_size_bytes;  // one file, RLIMIT_FSIZE
  std::optional<std::uint64_t> disk_bytes;       // the in-memory file system of the sandbox
  std::optional<std::uint64_t> open_files;       // RLIMIT_NOFILE, each process
  std::optional<std::uint64_t> stack_bytes;      // RLIMIT_STACK, main thread of each process
  std::optional<std::uint64_t> cpus_millis;      // bandwidth: 1000 is one CPU
  std::optional<std::string> cpu_set;            // "0-1,3"
  OnOutputLimit on_output_limit = OnOutputLimit::stop;

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace sb::policy
