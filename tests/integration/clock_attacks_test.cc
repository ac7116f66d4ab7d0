// Programs that would break a virtual clock or what watches it: each ends in time, with the verdict
// that it has without one.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

Run run_attack(const Words& options, const Words& command) {
  Words all = {"--clock", "virtual", "--wall-time",
               std::to_string(static_cast<int>(20 * slow())) + "s"};
  all.insert(all.end(), options.begin(), options.end());
  return run_target(all, command);
}

}  // namespace

// Red: the row of ptrace in `refusals` of intercept/calls.cc away.
TEST_CASE("virtual time: a program that may use ptrace gets nowhere") {
  const TempDirectory directory;
  directory.write("tracer.toml", "extends = \"default\"\n[syscalls]\nallow = [\"ptrace\"]\n");
  const Words options = {"--profile", directory.path() + "/tracer.toml"};
  const Run run = run_attack(options, {probe("escape_clock"), "ptrace"});
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ok\n");
  const Run forbidden = run_attack({}, {probe("escape_clock"), "ptrace"});
  INFO(forbidden.describe());
  expect_status(forbidden, "syscall_violation", 159);
}

// Red: the first `allow` of trace_filter() as SECCOMP_RET_ERRNO | ENOSYS, for those of i386.
TEST_CASE("virtual time: calls by other entries end as without it") {
  const Words calls[] = {{"x32:228", "1", "z:16"},  // clock_gettime
                         {"x32:35", "z:16", "0"},   // nanosleep
                         {"x32:230", "1", "0", "z:16", "0"},
                         {"i386:265", "1", "z:16"},
                         {"i386:162", "z:16", "0"},
                         {"i386:403", "1", "z:16"},  // clock_gettime64
                         {"i386:407", "1", "0", "z:16", "0"}};
  for (const Words& call : calls) {
    CAPTURE(call[0]);
    Words command = {probe("call_syscall")};
    command.insert(command.end(), call.begin(), call.end());
    const Run run = run_attack({}, command);
    INFO(run.describe());
    const Run real = run_target({}, command);
    expect_status(run, "syscall_violation", 159);
    for (const char* field : {"status", "violations.0.syscall", "violations.0.arch"}) {
      CHECK(run.document.at(field).text() == real.document.at(field).text());
    }
  }
}

// Red: Supervisor::check_memory() returning at once.
TEST_CASE("virtual time: who eats all memory beside a sleeper ends the run") {
  for (const char* script :
       {"while sleep 3600; do :; done & /eat 500; wait", "/eat 500 & sleep infinity",
        "(/eat 500 &); while sleep 1; do :; done"}) {
    CAPTURE(script);
    const Run run = run_attack({"--memory", "32M", "--mount", probe("eat_memory") + ":/eat:ro"},
                               {"bash", "-c", script});
    INFO(run.describe());
    expect_limit(run, "memory_limit", "memory", 137);
  }
}

// Red: Tracer::on_end() without tracees_.remove(); or, one time in twenty, all_sleep() without
// stopped_ones_stay(): the clock goes on to the alarm of one that is stopped, and was killed.
TEST_CASE("virtual time: who is killed in its sleep leaves the clock to the others") {
  const Run run = run_attack({}, {probe("escape_clock"), "killed"});
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ok\n");
  CHECK(run.document.at("clock.elapsed_ns").integer() == 22'000'000'000);
}

// Red: add_ways_out() of intercept/trace_filter.cc without PR_SET_TSC.
TEST_CASE("virtual time: no program switches the time stamp counter") {
  const Run run = run_attack({}, {probe("escape_clock"), "switch_counter"});
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ok\n");
}
