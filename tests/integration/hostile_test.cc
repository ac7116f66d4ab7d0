// Bombs, floods and programs that do not want to end: the right verdict in bounded time and memory,
// and `true` runs well right after each.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

// The bomb fills its limit, is refused more, and ends with the run: by the clock or by CPU time.
void expect_defused(const std::string& mode) {
  CAPTURE(mode);
  // Where starting a process takes long, as in emulation, the bomb needs longer to fill its limit.
  const int seconds = static_cast<int>(slow());
  const Run run = run_target({"--processes", "32", "--wall-time", std::to_string(seconds) + "s",
                              "--cpu-time", std::to_string(10 * seconds) + "s"},
                             {probe("fork_bomb"), mode});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  expect_peak_of_processes(run, 8, 32);
  CHECK(run.document.at("processes.limit_hits").integer() >= 1);
  CHECK(run.elapsed_s < 4 * slow());
  expect_true_runs();
}

// Output is held up to its limit, and little more: the supervisor's own size and one pipe.
void expect_flat(const Run& run, long limit_mib) {
  INFO(run.describe());
  CHECK(run.max_rss_kib < (limit_mib + 16) * 1024 * static_cast<long>(slow()));
}

}  // namespace

// Red: do not send kill to init in kill_inside of supervise/supervisor.cc.
TEST_CASE("p22 fork bomb") { expect_defused("plain"); }
TEST_CASE("p22 fork bomb of stopped processes") { expect_defused("stop"); }
TEST_CASE("p22 fork bomb of daemons") { expect_defused("daemon"); }

TEST_CASE("p22 fork bomb whose first process has left") {
  const Run run =
      run_target({"--processes", "32", "--wall-time", "20s"}, {probe("fork_bomb"), "leave"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "ok");
  CHECK(run.elapsed_s < 3 * slow());
  expect_true_runs();
}

TEST_CASE("p22 shell fork bomb") {
  const Run run = run_target({"--processes", "20", "--wall-time", "1s", "--cpu-time", "10s"},
                             {"sh", "-c", "b() { b | b & }; b; while :; do sleep 1; done"});
  INFO(run.describe());
  CHECK(run.exit_status != 125);
  expect_peak_of_processes(run, 1, 20);
  CHECK(run.elapsed_s < 4 * slow());
  expect_true_runs();
}

TEST_CASE("p38 flood of ten gigabytes stops at the default limit") {
  const Run run = run_target({"--wall-time", "20s"}, {probe("flood"), "1", "10737418240"});
  expect_limit(run, "output_limit", "output", 153);
  CHECK(run.elapsed_s < 5 * slow());
  expect_flat(run, run.document.at("cause.value").integer() >> 20);
  expect_true_runs();
}

TEST_CASE("p38 flood that is truncated keeps the supervisor flat") {
  const Run run = run_target({"--wall-time", "2s", "--cpu-time", "none", "--output", "1M",
                              "--on-output-limit", "truncate"},
                             {probe("flood"), "1", "0"});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  CHECK(run.stdout_bytes().size() == 1 << 20);
  CHECK(run.document.at("stdout.bytes").number() > 10 << 20);
  CHECK(run.elapsed_s < 5 * slow());
  expect_flat(run, 1);
}

TEST_CASE("p38 an orphan that floods or holds the pipe ends with the main process") {
  for (const char* how : {"orphan", "hold"}) {
    const Run run =
        run_target({"--wall-time", "20s", "--output", "1M", "--on-output-limit", "truncate"},
                   {probe("flood"), "1", "0", how});
    INFO(run.describe());
    CHECK(run.document.at("status").text() == "ok");
    CHECK(run.document.at("exit_code").integer() == 0);
    CHECK(run.elapsed_s < 3 * slow());
    CHECK(contains(run.stdout_bytes(), how[0] == 'h' ? "done\n" : "y"));
    expect_true_runs();
  }
}

// Red: leave has_pending() out of watch() of supervise/capture.cc.
TEST_CASE("p38 a reader that never reads does not hold the supervisor past the deadline") {
  Options options;
  options.reads_output = false;
  const Run run = run_target({"--pass", "--wall-time", "1s"}, {probe("flood"), "1", "0"}, options);
  INFO(run.describe().substr(0, 300));
  CHECK(run.exit_status == 124);
  CHECK(run.elapsed_s < 4 * slow());
  if (slow() == 1) {  // a supervisor with sanitizers is larger than what it might hold
    expect_flat(run, 1);
  }
  expect_true_runs();
}

TEST_CASE("a program that stops its parent changes nothing") {
  const Run run = run_target({"--wall-time", "20s"}, {probe("linger"), "stop_parent"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "parent is 1\n");
  expect_true_runs();
}

TEST_CASE("a program whose child stops it meets the wall time") {
  const Run run = run_target({"--wall-time", "500ms"}, {probe("linger"), "stop_main"});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  CHECK(run.elapsed_s < 3 * slow());
  expect_true_runs();
}

TEST_CASE("a program that stops itself meets the wall time") {
  const Run run = run_target({"--wall-time", "500ms"}, {probe("linger"), "stop_self"});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  CHECK(run.stdout_bytes() == "ready\n");
}

TEST_CASE("a program that ignores all signals meets the wall time") {
  const Run run = run_target({"--wall-time", "500ms"}, {probe("linger"), "ignore"});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  CHECK(run.document.at("signal.number").integer() == 9);
  CHECK(run.elapsed_s < 3 * slow());
  expect_true_runs();
}

TEST_CASE("a program that closes its descriptors and lives on meets the wall time") {
  const Run run = run_target({"--wall-time", "500ms"}, {probe("linger"), "close"});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  CHECK(run.stdout_bytes() == "ready\n");
  CHECK(run.elapsed_s < 3 * slow());
  expect_true_runs();
}

TEST_CASE("a program that signals all it may see harms nobody") {
  const Run run = run_target({"--wall-time", "20s"}, {probe("linger"), "kill_all"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "alive\n");
  expect_true_runs();
}

TEST_CASE("attack_init: limits priorities and signals do not reach pid 1") {
  const Run run = run_target({"--wall-time", "20s"}, {probe("attack_init"), "3000"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "done\n");
  const Run stopped = run_target({"--wall-time", "1s"}, {probe("attack_init"), "60000"});
  expect_limit(stopped, "wall_time_limit", "wall_time", 124);
  const Run coded = run_target({}, {"sh", "-c", "kill -9 1; kill -STOP 1; kill -TERM 1; exit 9"});
  expect_exited(coded, 9);
}
