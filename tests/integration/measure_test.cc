// Times and memory that agree with what the program sees of itself.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

TEST_CASE("measure: CPU time agrees with getrusage") {
  const Run run = run_target({"--cpu-time", "20s"}, {probe("burn_cpu"), "500"});
  expect_ok(run);
  long long user_us = 0;
  long long system_us = 0;
  REQUIRE(std::sscanf(run.stdout_bytes().c_str(), "user_us=%lld system_us=%lld", &user_us,
                      &system_us) == 2);
  const double own_ns = static_cast<double>(user_us + system_us) * 1e3;
  const double cpu_ns = run.document.at("time.cpu_ns").number();
  INFO(run.describe());
  CHECK(cpu_ns >= 0.49e9);
  CHECK(cpu_ns < 0.8e9 * slow());
  CHECK(cpu_ns >= own_ns * 0.97);
  CHECK(cpu_ns <= own_ns * 1.1 + 30e6 * slow());
  CHECK(run.document.at("time.wall_ns").number() >= 0.45e9);
  CHECK(run.document.at("time.user_ns").number() > run.document.at("time.system_ns").number());
}

TEST_CASE("measure: CPU time of several workers is the sum") {
  const Run run = run_target({"--cpu-time", "20s"}, {probe("burn_cpu"), "200", "4"});
  expect_ok(run);
  CHECK(run.document.at("time.cpu_ns").number() >= 0.8e9);
  CHECK(run.document.at("time.cpu_ns").number() < 1.3e9 * slow());
  expect_peak_of_processes(run, 5, 5);
}

TEST_CASE("measure: sleeping is wall time and no CPU time") {
  const Run run = run_target({}, {"sleep", "0.3"});
  expect_ok(run);
  CHECK(run.document.at("time.wall_ns").number() >= 0.3e9);
  CHECK(run.document.at("time.wall_ns").number() < 0.3e9 + 0.5e9 * slow());
  CHECK(run.document.at("time.cpu_ns").number() < 0.05e9 * slow());
}

// As much, because a supervisor with sanitizers is itself larger than fifty, and says nothing of
// less.
TEST_CASE("measure: memory of a program that touches a hundred megabytes") {
  const Run run = run_target({"--memory", "256M"}, {probe("eat_memory"), "100"});
  expect_ok(run);
  const double mib = 1 << 20;
  // What is there for less than a few milliseconds, samples miss: see the next test.
  if (!contains(run.document.at("memory.peak_source").text(), "sampled")) {
    CHECK(run.document.at("memory.peak_bytes").number() >= 100 * mib);
  }
  CHECK(run.document.at("memory.peak_bytes").number() < 130 * mib);
  CHECK(run.document.at("memory.max_rss_bytes").number() >= 100 * mib);
  CHECK(run.document.at("memory.max_rss_bytes").number() < 130 * mib);
  CHECK_FALSE(run.document.at("memory.peak_source").text().empty());
}

TEST_CASE("measure: memory that is held for a while is in the peak counted or sampled") {
  const Run run = run_target({"--memory", "256M", "--disk", "64M"},
                             {"sh", "-c", "head -c 30M /dev/zero > /tmp/held; sleep 0.3"});
  expect_ok(run);
  const double mib = 1 << 20;
  CHECK(run.document.at("memory.peak_bytes").number() >= 30 * mib);
  CHECK(run.document.at("memory.peak_bytes").number() < 60 * mib);
}

TEST_CASE("measure: true is one process and little of everything") {
  for (const char* limit : {"memory", "cpu-time", "processes"}) {
    require(limit);  // what limits them counts them
  }
  const Run run = run_target({}, {"/bin/true"});
  expect_ok(run);
  expect_peak_of_processes(run, 1, 1);
  CHECK(run.document.at("processes.limit_hits").integer() == 0);
  CHECK(run.document.at("memory.peak_bytes").number() < 8 << 20);
  CHECK(run.document.at("time.cpu_ns").number() < 50e6 * slow());
  CHECK(run.document.at("time.setup_ns").number() > 0);
  CHECK(run.document.at("time.setup_ns").number() < 1e9 * slow());
}

TEST_CASE("measure: threads count as processes") {
  const Run run = run_target({"--processes", "64"}, {"sh", "-c", "sleep 0.2 & sleep 0.2 & wait"});
  expect_ok(run);
  expect_peak_of_processes(run, 3, 3);
}
