// The time of day is nobody's to trust: limits and durations must not follow it. Only a machine of
// the tests' own lets them step it: these run in tests/vm.
#include <doctest/doctest.h>

#include <ctime>

#include "harness.h"

using namespace sbtest;

namespace {

void step_clock(long seconds) {
  timespec now{};
  REQUIRE(clock_gettime(CLOCK_REALTIME, &now) == 0);
  now.tv_sec += seconds;
  REQUIRE(clock_settime(CLOCK_REALTIME, &now) == 0);
}

constexpr long day_s = 86'400;

// Runs `sleep SECONDS` under a wall time limit and steps the clock while it sleeps.
Run run_while_stepping(const char* limit, const char* sleep_s, long step_s) {
  Running running({"run", "--pass", "--wall-time", limit, "--", "sh", "-c",
                   std::string("echo ready; sleep ") + sleep_s});
  running.wait_for_output("ready");
  step_clock(step_s);
  Run run = running.finish();
  step_clock(-step_s);
  return run;
}

}  // namespace

// Red: arm the timer of supervise/deadlines.cc on CLOCK_REALTIME.
TEST_CASE("p29 a clock stepped forward stops nothing early") {
  require("own_clock");
  const Run run = run_while_stepping("60s", "1", day_s);
  CHECK(run.exit_status == 0);
}

TEST_CASE("p29 a clock stepped back lets nothing run on") {
  require("own_clock");
  const Run run = run_while_stepping("2s", "30", -day_s);
  CHECK(run.exit_status == 124);
  CHECK(run.elapsed_s >= 2);
  CHECK(run.elapsed_s < 20);
}
