// Observations: facts gathered while a sandbox ran. decide() judges them, and nothing else.
// Must not hold opinions: what was seen, when, by which mechanism.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "cgroup/group.h"
#include "launch/inside/protocol.h"
#include "result/outcome.h"
#include "result/timeline.h"
#include "sys/process.h"

namespace sb::supervise {

enum class StopKind {
  wall_time,
  virtual_time,
  cpu_time,
  memory,
  output,
  violation,
  deadlock,
  cancelled,
};

// Why the supervisor ended the run; recorded before the kill, and the first one stays.
struct Stop {
  StopKind kind = StopKind::cancelled;
  std::uint64_t limit = 0;
  std::uint64_t observed = 0;
  std::string mechanism;
  std::string detail;  // of cancelled: by what; of output: which stream
};

struct StreamFacts {
  bool captured = true;
  Bytes data;
  std::uint64_t bytes = 0;
  bool over_limit = false;
};

struct Observations {
  std::optional<Stop> stop;
  std::optional<Error> failure;                // the sandbox failed
  std::optional<sys::WaitStatus> main_status;  // of the program's first process
  bool executed = false;                       // execve has succeeded
  inside::Stage target_stage = inside::Stage::none;

  std::string started_utc;
  std::uint64_t created_ns = 0;  // CLOCK_MONOTONIC: the supervisor began
  std::uint64_t exec_ns = 0;     // the program began; 0: never
  // Its first process was reaped, or all was given up; without the time that it was frozen.
  std::uint64_t ended_ns = 0;

  cgroup::Usage usage;
  cgroup::Sources sources;
  std::optional<std::uint64_t> max_rss_bytes;
  StreamFacts out;
  StreamFacts err;
  result::Timeline timeline;          // of both, where it was asked for
  std::vector<std::string> warnings;  // of the run itself
  std::vector<result::SavedFile> files;
  result::DiskUsage disk;
  std::optional<result::ClockFacts> clock;
  std::uint64_t violations_total = 0;
  std::vector<result::Violation> violations;

  // The first cause stays (architecture §8). Returns whether this was the first.
  bool record_stop(Stop reason) {
    if (stop || failure) {
      return false;
    }
    stop = std::move(reason);
    return true;
  }
  void record_failure(Error error) {
    if (!failure) {
      failure = std::move(error);
    }
  }
};

}  // namespace sb::supervise
