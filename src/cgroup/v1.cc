#include "cgroup/v1.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/eventfd.h>

#include "cgroup/files.h"
#include "sys/files.h"

namespace sb::cgroup::v1 {
namespace {

bool serves(const Leaf& leaf, const char* controller) {
  return std::find(leaf.controllers.begin(), leaf.controllers.end(), controller) !=
         leaf.controllers.end();
}

Result<Done> limit_memory(const Leaf& leaf, std::uint64_t bytes) {
  const std::string value = fmt::format("{}", bytes);
  CHECK(write_value(leaf.directory.ref(), "memory.limit_in_bytes", value));
  // Kernel: memory.memsw.* exist only with swap accounting; memory and swap together may then not
  // exceed the memory limit. Else no page of the group is ever a candidate for swap.
  const int err = sys::write_file_at(leaf.directory.ref(), "memory.memsw.limit_in_bytes", value);
  if (err == ENOENT) {
    return write_value(leaf.directory.ref(), "memory.swappiness", "0");
  }
  if (err != 0) {
    return Error(Tag::cgroup_limit,
                 fmt::format("writing \"{}\" to memory.memsw.limit_in_bytes", value), err);
  }
  return Done{};
}

Result<Done> limit_bandwidth(const Leaf& leaf, std::uint64_t millis) {
  const Bandwidth bandwidth = bandwidth_of(millis);
  CHECK(write_value(leaf.directory.ref(), "cpu.cfs_period_us",
                    fmt::format("{}", bandwidth.period_us)));
  return write_value(leaf.directory.ref(), "cpu.cfs_quota_us",
                     fmt::format("{}", bandwidth.quota_us));
}

Result<Done> limit_cpu_set(const Leaf& leaf, const std::string& cpus) {
  // Kernel: a v1 cpuset accepts no task before both its CPUs and its memory nodes are set.
  const sys::ReadResult nodes = sys::read_file(leaf.parent + "/cpuset.mems", 4096);
  if (nodes.err != 0) {
    return Error(Tag::cgroup_limit, "reading cpuset.mems of the parent group", nodes.err);
  }
  CHECK(write_value(leaf.directory.ref(), "cpuset.mems", nodes.data));
  return write_cpu_set(leaf.directory.ref(), cpus, "cpuset.effective_cpus", leaf.parent);
}

}  // namespace

Result<Done> write_limits(const Leaf& leaf, const policy::Limits& limits) {
  if (serves(leaf, "memory") && limits.memory_bytes) {
    CHECK(limit_memory(leaf, *limits.memory_bytes));
  }
  if (serves(leaf, "pids") && limits.processes) {
    CHECK(write_value(leaf.directory.ref(), "pids.max", fmt::format("{}", *limits.processes)));
  }
  if (serves(leaf, "cpu") && limits.cpus_millis) {
    CHECK(limit_bandwidth(leaf, *limits.cpus_millis));
  }
  if (serves(leaf, "cpuset") && limits.cpu_set) {
    CHECK(limit_cpu_set(leaf, *limits.cpu_set));
  }
  return Done{};
}

namespace {

Error missing(const char* file) { return {Tag::cgroup_read, fmt::format("reading {}", file), EIO}; }

}  // namespace

std::vector<const char*> counter_files(const Leaf& leaf) {
  std::vector<const char*> files;
  if (serves(leaf, "cpuacct")) {
    files.insert(files.end(), {"cpuacct.usage", "cpuacct.usage_user"});
  }
  if (serves(leaf, "memory")) {
    files.insert(files.end(), {"memory.max_usage_in_bytes", "memory.oom_control"});
  }
  if (serves(leaf, "pids")) {
    files.insert(files.end(), {"pids.peak", "pids.events"});
  }
  return files;
}

Result<Done> read_cpu_usage(const Leaf& leaf, Usage& usage) {
  if (!serves(leaf, "cpuacct")) {
    return Done{};
  }
  usage.cpu_ns = read_cpu_ns(leaf);
  if (!usage.cpu_ns) {
    return missing("cpuacct.usage");
  }
  // Kernel: the user part is sampled by ticks and may exceed the exact sum for short runs.
  const std::uint64_t user_ns = leaf.counters.number("cpuacct.usage_user").value_or(0);
  usage.user_ns = std::min(user_ns, *usage.cpu_ns);
  usage.system_ns = *usage.cpu_ns - *usage.user_ns;
  return Done{};
}

namespace {

// Kernel: memory.failcnt is no help; it stays 0 where memory and swap have one limit (seen on
// 6.18). The peak comes to within a batch of charges of the limit: far below it was not met.
std::optional<bool> met_limit(const Leaf& leaf, std::uint64_t peak_bytes) {
  const auto limit_bytes = leaf.counters.number("memory.limit_in_bytes");
  return limit_bytes ? std::optional(peak_bytes >= *limit_bytes / 4 * 3) : std::nullopt;
}

}  // namespace

Result<Done> read_usage(const Leaf& leaf, Usage& usage) {
  CHECK(read_cpu_usage(leaf, usage));
  if (serves(leaf, "memory")) {
    usage.memory_peak_bytes = leaf.counters.number("memory.max_usage_in_bytes");
    usage.oom_kills = read_oom_kills(leaf);
    if (!usage.memory_peak_bytes || !usage.oom_kills) {
      return missing("memory.max_usage_in_bytes");
    }
    if (*usage.oom_kills > 0) {
      usage.met_memory_limit = met_limit(leaf, *usage.memory_peak_bytes);
    }
  }
  if (serves(leaf, "pids")) {
    usage.processes_peak = leaf.counters.number("pids.peak");  // Kernel: since 6.1
    usage.processes_refused = leaf.counters.value("pids.events", "max");
  }
  return Done{};
}

std::optional<std::uint64_t> read_cpu_ns(const Leaf& leaf) {
  return leaf.counters.number("cpuacct.usage");
}

std::optional<std::uint64_t> read_oom_kills(const Leaf& leaf) {
  return leaf.counters.value("memory.oom_control", "oom_kill");  // Kernel: since 4.13
}

Result<sys::Fd> watch_oom(const Leaf& leaf) {
  sys::OpenResult control = sys::open_at(leaf.directory.ref(), "memory.oom_control", O_RDONLY);
  sys::Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (control.err != 0 || !event.valid()) {
    return Error(Tag::cgroup_limit, "watching memory.oom_control",
                 control.err != 0 ? control.err : errno);
  }
  CHECK(write_value(leaf.directory.ref(), "cgroup.event_control",
                    fmt::format("{} {}", event.number(), control.fd.number())));
  return event;
}

}  // namespace sb::cgroup::v1
