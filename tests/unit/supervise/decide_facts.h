// A run for decide() to judge, and what its outcome is held against.
// Must not hold tests.
#pragma once

#include "supervise/decide.h"

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace sbtest::judging {

using sb::supervise::Observations;
using sb::supervise::Stop;
using sb::supervise::StopKind;
using sb::sys::WaitStatus;
namespace policy = sb::policy;
namespace result = sb::result;

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t mib = 1U << 20;

// A run with every limit on: it began at 10 s, ended at 11 s with exit status 0, used 100 ms of CPU
// time, and was within all limits. Each row changes what it is about.
struct Facts {
  policy::Spec spec;
  Observations seen;

  Facts() {
    spec.limits.wall_time_ns = 5 * second_ns;
    spec.limits.cpu_time_ns = 2 * second_ns;
    spec.limits.memory_bytes = 64 * mib;
    spec.limits.processes = 8;
    spec.limits.output_bytes = 1000;
    spec.limits.file_size_bytes = mib;
    seen.executed = true;
    seen.created_ns = 9 * second_ns;
    seen.exec_ns = 10 * second_ns;
    seen.ended_ns = 11 * second_ns;
    seen.main_status = WaitStatus::for_exit_code(0);
    seen.usage = {.cpu_ns = second_ns / 10, .memory_peak_bytes = mib, .oom_kills = 0};
    seen.sources = {.memory = "cgroup1", .peak = "a counter", .cpu_mechanism = "cgroup1 cpuacct"};
  }
  void exits(int code) { seen.main_status = WaitStatus::for_exit_code(code); }
  void dies_of(int signal) { seen.main_status = WaitStatus::for_signal(signal); }
  // As the supervisor does it: recorded, then everything is killed.
  void stopped(StopKind kind, std::string detail = {}) {
    seen.record_stop({.kind = kind, .limit = 7, .observed = 8, .mechanism = "m", .detail = detail});
  }
  void fails(sb::Tag tag) { seen.record_failure(sb::Error(tag, "doing something", EIO)); }
  // The sandbox never came to run the program.
  void never_runs() {
    seen.executed = false;
    seen.exec_ns = 0;
    seen.main_status.reset();
  }
};

struct Row {
  const char* what;
  std::function<void(Facts&)> happens;
  const char* status;
  const char* limit = "";      // of the cause; empty: there is none
  const char* mechanism = "";  // of the cause
  int exit_code = -1;          // of the document; -1: null
  int signal = 0;              // 0: null
};

inline void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    Facts facts;
    row.happens(facts);
    const result::Outcome outcome = decide(facts.spec, std::move(facts.seen));
    CHECK(std::string(result::name_of(outcome.status)) == row.status);
    CHECK((outcome.cause ? outcome.cause->limit : "") == row.limit);
    CHECK((outcome.cause ? outcome.cause->mechanism : "") == row.mechanism);
    CHECK(outcome.exit_code.value_or(-1) == row.exit_code);
    CHECK(outcome.signal.value_or(0) == row.signal);
    CHECK(outcome.error.has_value() == (outcome.status == result::Status::error));
    CHECK(outcome.reason.empty() == (outcome.status == result::Status::ok));
  }
}

}  // namespace sbtest::judging
