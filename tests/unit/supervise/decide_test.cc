// decide(): facts to a verdict. Every status, the order of precedence of decide.h, and the races:
// what happens when several things became known in one wake-up.
#include "supervise/decide.h"

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using sb::supervise::Observations;
using sb::supervise::Stop;
using sb::supervise::StopKind;
using sb::sys::WaitStatus;
namespace policy = sb::policy;
namespace result = sb::result;

namespace {

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

void check(const std::vector<Row>& rows) {
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

}  // namespace

TEST_CASE("decide: what becomes of the first process") {
  check({
      {"exit 0", [](Facts&) {}, "ok", "", "", 0},
      {"exit 1", [](Facts& f) { f.exits(1); }, "exited", "", "", 1},
      {"exit 255", [](Facts& f) { f.exits(255); }, "exited", "", "", 255},
      {"SIGSEGV", [](Facts& f) { f.dies_of(SIGSEGV); }, "signaled", "", "", -1, SIGSEGV},
      {"SIGTERM", [](Facts& f) { f.dies_of(SIGTERM); }, "signaled", "", "", -1, SIGTERM},
      {"its end was not seen", [](Facts& f) { f.seen.main_status.reset(); }, "error"},
  });
}

TEST_CASE("decide: p25 an exit status is never taken for a signal nor a signal for ours") {
  check({
      {"exit 137", [](Facts& f) { f.exits(137); }, "exited", "", "", 137},
      {"exit 124", [](Facts& f) { f.exits(124); }, "exited", "", "", 124},
      {"exit 125", [](Facts& f) { f.exits(125); }, "exited", "", "", 125},
      {"exit 127", [](Facts& f) { f.exits(127); }, "exited", "", "", 127},
      {"exit 159", [](Facts& f) { f.exits(159); }, "exited", "", "", 159},
      {"SIGKILL by itself", [](Facts& f) { f.dies_of(SIGKILL); }, "signaled", "", "", -1, SIGKILL},
      {"SIGSYS by itself", [](Facts& f) { f.dies_of(SIGSYS); }, "signaled", "", "", -1, SIGSYS},
      {"SIGXCPU by itself", [](Facts& f) { f.dies_of(SIGXCPU); }, "signaled", "", "", -1, SIGXCPU},
      {"SIGKILL of ours",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.dies_of(SIGKILL);
       },
       "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"exec failed and nothing ran",
       [](Facts& f) {
         f.fails(sb::Tag::program_not_found);
         f.exits(127);
         f.seen.executed = false;
       },
       "error"},
  });
}

TEST_CASE("decide: each stop of the supervisor") {
  const auto killed_by = [](StopKind kind) {
    return [kind](Facts& f) {
      f.stopped(kind, "X");
      f.dies_of(SIGKILL);
    };
  };
  check({
      {"wall", killed_by(StopKind::wall_time), "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"cpu", killed_by(StopKind::cpu_time), "cpu_time_limit", "cpu_time", "m", -1, SIGKILL},
      {"memory", killed_by(StopKind::memory), "memory_limit", "memory", "m", -1, SIGKILL},
      {"output", killed_by(StopKind::output), "output_limit", "output", "m", -1, SIGKILL},
      {"violation", killed_by(StopKind::violation), "syscall_violation", "", "", -1, SIGKILL},
      {"cancelled", killed_by(StopKind::cancelled), "cancelled", "", "", -1, SIGKILL},
  });
}

TEST_CASE("decide: p30 the first cause stays whatever becomes of the program") {
  check({
      {"a kill is recorded and it exits 0 first", [](Facts& f) { f.stopped(StopKind::wall_time); },
       "wall_time_limit", "wall_time", "m", 0},
      {"a kill is recorded and it exits 3 first",
       [](Facts& f) {
         f.stopped(StopKind::cpu_time);
         f.exits(3);
       },
       "cpu_time_limit", "cpu_time", "m", 3},
      {"cancelled and then exit 0", [](Facts& f) { f.stopped(StopKind::cancelled, "SIGTERM"); },
       "cancelled", "", "", 0},
      {"cancelled and then past the wall time",
       [](Facts& f) {
         f.stopped(StopKind::cancelled, "SIGTERM");
         f.stopped(StopKind::wall_time);
         f.seen.ended_ns = 20 * second_ns;
       },
       "cancelled", "", "", 0},
      {"past the wall time and then cancelled",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.stopped(StopKind::cancelled, "SIGTERM");
         f.dies_of(SIGKILL);
       },
       "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"a violation after exit 0", [](Facts& f) { f.stopped(StopKind::violation); },
       "syscall_violation", "", "", 0},
      {"a violation and then out of memory",
       [](Facts& f) {
         f.stopped(StopKind::violation);
         f.seen.usage.oom_kills = 1;
         f.dies_of(SIGKILL);
       },
       "syscall_violation", "", "", -1, SIGKILL},
      {"over the CPU time while a wall stop was recorded",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.seen.usage.cpu_ns = 9 * second_ns;
         f.dies_of(SIGKILL);
       },
       "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"SIGXFSZ after a stop",
       [](Facts& f) {
         f.stopped(StopKind::output, "stdout");
         f.dies_of(SIGXFSZ);
       },
       "output_limit", "output", "m", -1, SIGXFSZ},
  });
}

TEST_CASE("decide: p30 exit and deadline in one wake-up go by the time of the end") {
  check({
      {"it ended before the deadline, whatever the clock says now",
       [](Facts& f) { f.seen.ended_ns = 15 * second_ns - 1; }, "ok", "", "", 0},
      {"it ended at the deadline", [](Facts& f) { f.seen.ended_ns = 15 * second_ns; }, "ok", "", "",
       0},
      {"it ended after it", [](Facts& f) { f.seen.ended_ns = 15 * second_ns + 1; },
       "wall_time_limit", "wall_time", "clock at exit", 0},
      {"it ended after it and there is no limit",
       [](Facts& f) {
         f.seen.ended_ns = 99 * second_ns;
         f.spec.limits.wall_time_ns.reset();
       },
       "ok", "", "", 0},
      {"its end seems to be before its start", [](Facts& f) { f.seen.ended_ns = 9 * second_ns; },
       "ok", "", "", 0},
  });
}

TEST_CASE("decide: a limit passed unseen is noticed at the end and never below it") {
  check({
      {"CPU time at the limit", [](Facts& f) { f.seen.usage.cpu_ns = 2 * second_ns; }, "ok", "", "",
       0},
      {"CPU time above it", [](Facts& f) { f.seen.usage.cpu_ns = 2 * second_ns + 1; },
       "cpu_time_limit", "cpu_time", "cgroup1 cpuacct at exit", 0},
      {"CPU time above it and killed by itself",
       [](Facts& f) {
         f.seen.usage.cpu_ns = 3 * second_ns;
         f.dies_of(SIGKILL);
       },
       "cpu_time_limit", "cpu_time", "cgroup1 cpuacct at exit", -1, SIGKILL},
      {"CPU time nobody counted", [](Facts& f) { f.seen.usage.cpu_ns.reset(); }, "ok", "", "", 0},
      {"CPU time without a limit",
       [](Facts& f) {
         f.seen.usage.cpu_ns = 9 * second_ns;
         f.spec.limits.cpu_time_ns.reset();
       },
       "ok", "", "", 0},
      {"wall and CPU time both",
       [](Facts& f) {
         f.seen.ended_ns = 20 * second_ns;
         f.seen.usage.cpu_ns = 9 * second_ns;
       },
       "wall_time_limit", "wall_time", "clock at exit", 0},
      {"more stdout than allowed", [](Facts& f) { f.seen.out.over_limit = true; }, "output_limit",
       "output", "pipe", 0},
      {"more stderr than allowed", [](Facts& f) { f.seen.err.over_limit = true; }, "output_limit",
       "output", "pipe", 0},
      {"more stdout than allowed where that is cut",
       [](Facts& f) {
         f.seen.out.over_limit = true;
         f.spec.limits.on_output_limit = policy::OnOutputLimit::truncate;
       },
       "ok", "", "", 0},
      {"SIGPIPE after too much output",
       [](Facts& f) {
         f.seen.out.over_limit = true;
         f.dies_of(SIGPIPE);
       },
       "output_limit", "output", "pipe", -1, SIGPIPE},
  });
}

TEST_CASE("decide: p32 a kill by the out-of-memory killer is memory_limit whoever the victim was") {
  const char* const oom = "cgroup1 out-of-memory killer";
  check({
      {"the first process",
       [](Facts& f) {
         f.seen.usage.oom_kills = 1;
         f.dies_of(SIGKILL);
       },
       "memory_limit", "memory", oom, -1, SIGKILL},
      {"a child, and the first process exits 0", [](Facts& f) { f.seen.usage.oom_kills = 1; },
       "memory_limit", "memory", oom, 0},
      {"a child, and the first process exits 1",
       [](Facts& f) {
         f.seen.usage.oom_kills = 2;
         f.exits(1);
       },
       "memory_limit", "memory", oom, 1},
      {"before the program ran, as a report of a stage",
       [](Facts& f) {
         f.never_runs();
         f.fails(sb::Tag::launch_died);
         f.seen.usage.oom_kills = 1;
       },
       "memory_limit", "memory", oom},
      {"before the program ran, with no report",
       [](Facts& f) {
         f.never_runs();
         f.seen.usage.oom_kills = 1;
       },
       "memory_limit", "memory", oom},
      {"and past the CPU limit at its end",
       [](Facts& f) {
         f.seen.usage.oom_kills = 1;
         f.seen.usage.cpu_ns = 9 * second_ns;
       },
       "memory_limit", "memory", oom, 0},
      {"but the sandbox failed while it ran",
       [](Facts& f) {
         f.fails(sb::Tag::cgroup_read);
         f.seen.usage.oom_kills = 1;
       },
       "error"},
      {"SIGKILL without one",
       [](Facts& f) {
         f.seen.usage.memory_peak_bytes = 64 * mib;
         f.dies_of(SIGKILL);
       },
       "signaled", "", "", -1, SIGKILL},
  });
}

TEST_CASE("decide: signals of limits count where the limit is on") {
  check({
      {"SIGXFSZ with a limit", [](Facts& f) { f.dies_of(SIGXFSZ); }, "file_size_limit", "file_size",
       "signal", -1, SIGXFSZ},
      {"SIGXFSZ without",
       [](Facts& f) {
         f.dies_of(SIGXFSZ);
         f.spec.limits.file_size_bytes.reset();
       },
       "signaled", "", "", -1, SIGXFSZ},
      {"SIGSYS where no listener names calls",
       [](Facts& f) {
         f.dies_of(SIGSYS);
         f.spec.name_violations = false;
       },
       "syscall_violation", "", "", -1, SIGSYS},
      {"SIGXCPU where an rlimit stands for the cgroup",
       [](Facts& f) {
         f.dies_of(SIGXCPU);
         f.spec.rlimits.cpu_seconds = 2;
       },
       "cpu_time_limit", "cpu_time", "rlimit", -1, SIGXCPU},
  });
}

TEST_CASE("decide: a sandbox that failed proves nothing about the program") {
  check({
      {"before the program",
       [](Facts& f) {
         f.never_runs();
         f.fails(sb::Tag::launch_mount);
       },
       "error"},
      {"it never came to run and nobody said why", [](Facts& f) { f.never_runs(); }, "error"},
      {"it never came to run and init says exit 0",
       [](Facts& f) {
         f.never_runs();
         f.exits(0);
       },
       "error"},
      {"after a good exit", [](Facts& f) { f.fails(sb::Tag::io_output); }, "error"},
      {"after a stop",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.fails(sb::Tag::io_output);
         f.dies_of(SIGKILL);
       },
       "error"},
      {"and was stopped after it",
       [](Facts& f) {
         f.fails(sb::Tag::cgroup_read);
         f.stopped(StopKind::wall_time);
       },
       "error"},
      {"cancelled while it was set up",
       [](Facts& f) {
         f.never_runs();
         f.stopped(StopKind::cancelled, "SIGTERM");
       },
       "cancelled"},
  });
}

TEST_CASE("decide: the first failure is the one told") {
  Facts facts;
  facts.fails(sb::Tag::launch_mount);
  facts.fails(sb::Tag::launch_died);
  const result::Outcome outcome = decide(facts.spec, std::move(facts.seen));
  REQUIRE(outcome.error);
  CHECK(outcome.error->tag() == sb::Tag::launch_mount);
  CHECK(outcome.reason == outcome.error->message());
}

TEST_CASE("decide: sentences name what was used and the limit") {
  const auto reason = [](Stop stop) {
    Facts facts;
    facts.seen.record_stop(std::move(stop));
    return decide(facts.spec, std::move(facts.seen)).reason;
  };
  CHECK(reason({StopKind::wall_time, 5 * second_ns, 5'003'000'000}) ==
        "ran for 5.003 s; the limit is 5 s");
  CHECK(reason({StopKind::cpu_time, 2 * second_ns, 2'003'000'000}) ==
        "used 2.003 s of CPU time; the limit is 2 s");
  CHECK(reason({StopKind::memory, 64 * mib}) == "ran out of memory; the limit is 64 MiB");
  CHECK(reason({StopKind::output, 1024, 2000, "pipe", "stderr"}) ==
        "wrote more than 1 KiB to stderr");
  CHECK(reason({StopKind::violation, 0, 0, "", "ptrace"}) ==
        "made the forbidden system call ptrace");
  CHECK(reason({StopKind::violation}) == "made a forbidden system call");
  CHECK(reason({StopKind::cancelled, 0, 0, "signal", "SIGTERM"}) == "cancelled by SIGTERM");
}

TEST_CASE("decide: usage comes from the counters and is absent where nothing counted") {
  Facts facts;
  facts.seen.usage.processes_peak = 3;
  facts.seen.usage.processes_refused = 4;
  facts.seen.max_rss_bytes = 5 * mib;
  facts.seen.out.over_limit = true;
  facts.seen.out.bytes = 2000;
  facts.seen.out.data = sb::Bytes("kept");
  facts.seen.violations_total = 20;
  facts.seen.violations.resize(16);
  result::Outcome outcome = decide(facts.spec, std::move(facts.seen));
  CHECK(outcome.time.wall_ns == second_ns);
  CHECK(outcome.time.setup_ns == second_ns);
  CHECK(outcome.time.cpu_ns == second_ns / 10);
  CHECK(outcome.memory.peak_bytes == mib);
  CHECK(outcome.memory.peak_source == "a counter");
  CHECK(outcome.memory.max_rss_bytes == 5 * mib);
  CHECK(outcome.memory.limit_bytes == 64 * mib);
  CHECK(outcome.processes.peak == 3);
  CHECK(outcome.processes.limit == 8);
  CHECK(outcome.processes.limit_hits == 4);
  CHECK(outcome.out.truncated);
  CHECK(outcome.out.bytes == 2000);
  CHECK(outcome.out.data.view() == "kept");
  CHECK_FALSE(outcome.err.truncated);
  CHECK(outcome.violations_total == 20);
  CHECK(outcome.violations.size() == 16);

  Facts nothing;
  nothing.seen.usage = {};
  nothing.never_runs();
  outcome = decide(nothing.spec, std::move(nothing.seen));
  CHECK_FALSE(outcome.time.cpu_ns);
  CHECK(outcome.time.wall_ns == 0);
  CHECK(outcome.time.setup_ns == 0);
  CHECK_FALSE(outcome.memory.peak_bytes);
  CHECK(outcome.memory.peak_source.empty());
  CHECK_FALSE(outcome.memory.oom_kills);
  CHECK_FALSE(outcome.processes.peak);
}
