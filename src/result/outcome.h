// Outcome: the verdict of one run, one cause, with usage; becomes the JSON document.
// Must not decide (supervise/decide.cc) or measure (cgroup/, supervise/).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "result/timeline.h"

namespace sb::result {

enum class Status {
  ok,
  exited,
  signaled,
  wall_time_limit,
  cpu_time_limit,
  memory_limit,
  output_limit,
  file_size_limit,
  syscall_violation,
  deadlock,
  virtual_time_limit,
  cancelled,
  error,
};

std::string_view name_of(Status status);

// Which limit stopped the run, and how it was noticed.
struct Cause {
  std::string limit;        // "cpu_time", "memory", "output" ...
  std::uint64_t value = 0;  // the limit: ns, bytes or a count
  std::uint64_t observed = 0;
  std::string mechanism;  // "cgroup1 cpuacct", "timer", "signal" ...
};

struct TimeUsage {
  std::string started;  // UTC, RFC 3339 with microseconds
  std::uint64_t wall_ns = 0;
  std::optional<std::uint64_t> cpu_ns;
  std::optional<std::uint64_t> user_ns;
  std::optional<std::uint64_t> system_ns;
  std::uint64_t setup_ns = 0;
};

struct MemoryUsage {
  std::optional<std::uint64_t> peak_bytes;
  std::string peak_source;  // empty: null
  std::optional<std::uint64_t> max_rss_bytes;
  std::optional<std::uint64_t> limit_bytes;
  std::optional<std::uint64_t> oom_kills;
};

struct ProcessUsage {
  std::optional<std::uint64_t> peak;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> limit_hits;
};

// Bytes of one stream. `data` is what was kept, `bytes` all that was written.
struct Stream {
  bool captured = true;  // false: it went elsewhere, and the document says null
  Bytes data;
  std::uint64_t bytes = 0;
  bool truncated = false;
};

struct Violation {
  std::optional<std::string> syscall;  // null: cancelled before it could be read
  std::optional<int> number;
  std::string arch;
  std::vector<std::string> args;
  std::string action;  // "killed", "errno EPERM", "logged"
  std::optional<std::int64_t> pid;
  std::string comm;
  std::string exe;
  std::string why;
};

// A file that was to be copied out of the sandbox.
struct SavedFile {
  std::string path;         // inside
  std::uint64_t bytes = 0;  // that were written
  std::string saved;        // where to; empty: it was not
  int err = 0;              // why not
};

// What the files in memory take at the end: those of /workspace (scratch), /tmp and /dev/shm.
struct DiskUsage {
  std::optional<std::uint64_t> used_bytes;  // whole pages
  std::optional<std::uint64_t> limit_bytes;
  std::optional<std::uint64_t> inodes;  // files, directories and links
  std::optional<std::uint64_t> inodes_limit;
};

struct Enforced {
  std::vector<std::string> namespaces;
  std::string seccomp;  // profile name, or "none"
  std::string memory;   // "cgroup1", "cgroup2", "none"
  std::string cpu_time;
  std::string processes;
  std::string workspace;  // "scratch", "ro", "rw", or of cow "overlay" or "copy"
  std::string capabilities = "none";
  bool no_new_privs = true;
};

// Of a virtual clock.
struct ClockFacts {
  std::string start;  // what it showed, as in TimeUsage
  std::uint64_t elapsed_ns = 0;
  std::uint64_t jumps = 0;
  std::uint64_t timers_fired = 0;
  std::uint64_t spin_ticks = 0;
  std::uint64_t stalls = 0;
  bool deterministic = true;
};

struct SandboxInfo {
  std::string version;
  std::string profile;
  std::string profile_sha256;
  std::string kernel;
};

struct Outcome {
  Status status = Status::error;
  std::optional<int> exit_code;
  std::optional<int> signal;  // number
  std::string reason;         // one sentence for people; empty for ok
  std::optional<Cause> cause;
  TimeUsage time;
  MemoryUsage memory;
  ProcessUsage processes;
  DiskUsage disk;
  Stream out;
  Stream err;
  std::vector<OutputChunk> timeline;  // of both, where it was asked for
  std::uint64_t violations_total = 0;
  std::vector<Violation> violations;  // the first 16
  std::vector<SavedFile> files;
  std::optional<ClockFacts> clock;   // absent: a real one
  std::optional<Enforced> enforced;  // nothing was applied where absent
  std::vector<std::string> warnings;
  std::optional<Error> error;
  SandboxInfo sandbox;
  std::string step;              // which of several programs this is of; empty: the only one
  bool cached = false;           // a step that was not run: what it left is of an earlier time
  std::vector<Outcome> earlier;  // of the steps that ran before this one
};

// The exit status of `sandbox run` for this outcome (contract §4).
int exit_status(const Outcome& outcome);

// "SIGKILL" for 9, "SIG34" for numbers without a name.
std::string signal_name(int number);

}  // namespace sb::result
