// decide(): facts to a verdict. Kills by the kernel, failures of the sandbox, and what is told
// beside the status.
#include "decide_facts.h"

using namespace sbtest::judging;

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

// Red: met_memory_limit is not asked.
TEST_CASE("decide: p32 whose memory ran out is told") {
  const auto outcome_of = [](std::optional<bool> met, bool runs) {
    Facts f;
    if (!runs) {
      f.never_runs();
    }
    f.dies_of(SIGKILL);
    f.seen.usage.oom_kills = 1;
    f.seen.usage.met_memory_limit = met;
    return decide(f.spec, std::move(f.seen));
  };
  const result::Outcome own = outcome_of(true, true);
  CHECK(own.status == result::Status::memory_limit);
  CHECK(own.cause->observed == 64 * mib);
  CHECK(own.warnings.empty());
  CHECK(outcome_of(std::nullopt, true).warnings.empty());
  const result::Outcome others = outcome_of(false, true);
  CHECK(others.status == result::Status::memory_limit);
  CHECK(others.cause->observed == mib);
  REQUIRE(others.warnings.size() == 1);
  CHECK(others.warnings[0].find("did not reach its own memory limit") != std::string::npos);
  CHECK(outcome_of(true, false).status == result::Status::memory_limit);
  CHECK(outcome_of(false, false).status == result::Status::error);
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
      // Red: leave cancelled_before_exec() out of judge().
      {"cancelled while it was set up, and its kill made a step fail",
       [](Facts& f) {
         f.never_runs();
         f.stopped(StopKind::cancelled, "SIGTERM");
         f.fails(sb::Tag::launch_listener);
       },
       "cancelled"},
      {"failed while it was set up, and then cancelled",
       [](Facts& f) {
         f.never_runs();
         f.fails(sb::Tag::launch_listener);
         f.stopped(StopKind::cancelled, "SIGTERM");
       },
       "error"},
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
  CHECK(reason({StopKind::memory}) == "ran out of memory; the limit is 64 MiB");
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

// Red: judge_main_process() takes exit_code().value_or(0).
TEST_CASE("decide: a status that is no end is no success") {
  for (const int status : {0x137f, 0xffff}) {  // stopped, continued
    CAPTURE(status);
    Facts facts;
    facts.seen.main_status = WaitStatus(status);
    const result::Outcome outcome = decide(facts.spec, std::move(facts.seen));
    CHECK(outcome.status == result::Status::error);
    REQUIRE(outcome.error.has_value());
    CHECK(outcome.error->tag() == sb::Tag::launch_protocol);
  }
}
