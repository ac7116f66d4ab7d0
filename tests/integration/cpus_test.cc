// How much CPU at once, and which.
#include <doctest/doctest.h>
#include <unistd.h>

#include "harness.h"

using namespace sbtest;

TEST_CASE("cpus: two spinners under half a CPU use half of the time") {
  const Run run = run_target({"--cpus", "0.5", "--cpu-time", "none", "--wall-time", "2s"},
                             {probe("burn_cpu"), "0", "2"});
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  CHECK(run.document.at("time.cpu_ns").number() < 1.4e9);
}

// Red: on cgroup v2 before Linux 6.3, without use_every_cpu() in launch/inside/target.cc.
TEST_CASE("cpu set: the program sees and gets the CPUs that it may use") {
  const std::string last = std::to_string(sysconf(_SC_NPROCESSORS_ONLN) - 1);
  const Run run =
      run_target({"--cpu-set", last}, {"sh", "-c", "nproc; grep list /proc/self/status"});
  expect_ok(run);
  CHECK(lines_of(run.stdout_bytes()).at(0) == "1");
  CHECK(contains(run.stdout_bytes(), "Cpus_allowed_list:\t" + last + "\n"));
}

// Red: without the look at what is in effect, cgroup v2 runs on all CPUs and says nothing.
TEST_CASE("cpu set: CPUs that are not there are an error that names those that are") {
  for (const char* cpus : {"63", "0,63", "8191"}) {
    const Run run = run_target({"--cpu-set", cpus}, {"true"});
    expect_status(run, "error", 125);
    CHECK(run.document.at("error.tag").text() == "cgroup.limit");
    CHECK(contains(run.document.at("error.hint").text(), "the CPUs that a run may use here: 0"));
  }
}
