// p30 to p34: verdicts that come late, limits that are met in time, memory that runs out in odd
// places.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "harness.h"
#include "leftovers.h"

using namespace sbtest;

namespace {

constexpr double mib = 1 << 20;

// The directories of this run's groups: their name holds the supervisor's pid.
Words groups_of(pid_t supervisor) {
  const std::string start = "sandbox." + std::to_string(supervisor) + ".";
  Words groups;
  for (const std::string& group : all_groups()) {
    if (contains(std::filesystem::path(group).filename().string(), start)) {
      groups.push_back(group);
    }
  }
  return groups;
}

// Of its part for the program, where there is one (v2); "" where neither has the file.
std::string file_of_group(const std::string& group, const std::string& name) {
  const std::string part = read_file(group + "/run/" + name);
  return part.empty() ? read_file(group + "/" + name) : part;
}

void expect_memory_limit(const Run& run) {
  expect_limit(run, "memory_limit", "memory", 137);
  INFO(run.describe());
  CHECK(run.document.at("memory.oom_kills").number() >= 1);
}

}  // namespace

// The supervisor sleeps over both, and finds them in one wake-up.
// Red: without `exited_` in stop() and `wall_end_ = 0` in on_exited() of supervise/supervisor.cc;
// either is enough.
TEST_CASE("p30 an end and a deadline noticed together have the verdict of the end") {
  const TempDirectory directory;
  Options options;
  options.directory = directory.path();
  const std::string result = directory.write("result.json", "");
  Running running({"run", "--pass", "--result", "result.json", "--wall-time", "1500ms", "--", "sh",
                   "-c", "echo ready; sleep 0.3"},
                  options);
  running.wait_for_output("ready\n");
  running.send_signal(SIGSTOP);
  usleep(2500000);
  running.send_signal(SIGCONT);
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  const Document document = Document::parse(read_file(result));
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == "ok");
  CHECK(document.at("time.wall_ns").number() < 1.5e9);
}

// Red: as above.
TEST_CASE("p30 a reader that takes longer than the wall time does not change a good verdict") {
  const TempDirectory directory;
  Options options;
  options.directory = directory.path();
  const std::string result = directory.write("result.json", "");
  Running running({"run", "--pass", "--result", "result.json", "--wall-time", "1s", "--",
                   probe("flood"), "1", "100000"},
                  options);
  // More than a pipe holds, so that the supervisor still has bytes when the time is over.
  usleep(2500000);
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(run.out.size() == 100000);
  const Document document = Document::parse(read_file(result));
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == "ok");
  CHECK(document.at("time.wall_ns").number() < 1e9 * slow());
}

TEST_CASE("p30 an end just before or after the limit has a verdict that fits its time") {
  for (const char* seconds : {"0.26", "0.28", "0.29", "0.295", "0.3", "0.305", "0.32"}) {
    const Run run = run_target({"--wall-time", "300ms"}, {"sleep", seconds});
    INFO(run.describe());
    const bool stopped = run.document.at("status").text() == "wall_time_limit";
    CHECK((stopped || run.document.at("status").text() == "ok"));
    CHECK(stopped == (run.document.at("time.wall_ns").number() > 0.3e9));
  }
}

// How close it comes is measured by the benchmarks; here only that it does not run on.
// Red: make least_cpu_check_ns of supervise/deadlines.cc 1.5 s, or compare with half of limit_ns in
// its check_cpu_time.
TEST_CASE("p31 spinners are stopped soon after their limit and never below it") {
  for (const char* workers : {"1", "4", "8"}) {
    CAPTURE(std::string(workers));
    const Run run = run_target({"--cpu-time", "400ms"}, {probe("burn_cpu"), "0", workers});
    expect_limit(run, "cpu_time_limit", "cpu_time", 124);
    INFO(run.describe());
    CHECK(run.document.at("time.cpu_ns").number() >= 0.4e9);
    CHECK(run.document.at("time.cpu_ns").number() < 0.4e9 + 0.4e9 * slow());
  }
}

TEST_CASE("p32 memory: a limit below what the loader needs is the memory limit") {
  for (const char* limit : {"4K", "32K", "64K", "96K", "128K"}) {
    CAPTURE(std::string(limit));
    const Run run = run_target({"--memory", limit}, {"/bin/true"});
    expect_memory_limit(run);
    CHECK(run.elapsed_s < 5 * slow());
  }
  expect_true_runs();
}

// The program's own limit is far away; what runs out is the group that the caller is in.
// Red: let met_limit() of cgroup/v1.cc be true.
TEST_CASE("p32 memory: the callers group runs out and the supervisor lives to say so") {
  require("cgroup1");
  require("root");
  const std::string parent = "/sys/fs/cgroup/memory/sbtest-" + std::to_string(getpid());
  REQUIRE((mkdir(parent.c_str(), 0755) == 0 || errno == EEXIST));
  const int limit = open((parent + "/memory.limit_in_bytes").c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(write(limit, "67108864", 8) == 8);
  close(limit);
  Options options;
  options.in_child = [&parent] { join_group(parent); };
  const Run run = run_target({"--memory", "400M"}, {probe("eat_memory"), "300"}, options);
  expect_memory_limit(run);
  CHECK(run.document.at("memory.peak_bytes").number() <= 64 * mib);
  CHECK(run.document.at("cause.observed").number() <= 64 * mib);
  const std::string warning = "did not reach its own memory limit";
  CHECK(contains(run.document.at("warnings").dump(), warning));
  const Run own = run_target({"--memory", "64M"}, {probe("eat_memory"), "300"});
  expect_memory_limit(own);
  CHECK_FALSE(contains(own.document.at("warnings").dump(), warning));
  CHECK(rmdir(parent.c_str()) == 0);
}

TEST_CASE("p32 memory: a killed grandchild of a living daemon ends the run at once") {
  const Run run = run_target(
      {"--memory", "64M", "--wall-time", "20s", "--mount", probe("eat_memory") + ":/eat:ro"},
      {"sh", "-c", "(/eat 500 &) ; sleep 15; exit 0"});
  expect_memory_limit(run);
  CHECK(run.elapsed_s < 10 * slow());
}

// Red: let reset_oom_score of launch/launch.cc return at once.
TEST_CASE("p33 a callers score of 500 or -500 changes neither a hogs verdict nor that of true") {
  for (const char* score : {"-500", "500"}) {
    CAPTURE(std::string(score));
    Options options;
    options.in_child = [score] {
      const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
      // Without CAP_SYS_RESOURCE it can only be raised; then there is nothing to inherit.
      if (file < 0 || (write(file, score, strlen(score)) < 0 && *score != '-')) {
        _exit(122);
      }
    };
    expect_memory_limit(run_target({"--memory", "32M"}, {probe("eat_memory"), "200"}, options));
    const Run inside = run_target({}, {"cat", "/proc/self/oom_score_adj"}, options);
    expect_ok(inside);
    CHECK(inside.stdout_bytes() == "0\n");
  }
}

// Its pages are charged, and given back when they are wanted.
TEST_CASE("p34 memory: a reader of a file larger than the limit is ok") {
  require("root");
  const TempDirectory directory;
  const std::string file = directory.write("large", "");
  REQUIRE(truncate(file.c_str(), 300 << 20) == 0);
  const Run run = run_target({"--memory", "32M", "--mount", directory.path() + ":/data:ro"},
                             {"sh", "-c", "cat /data/large | wc -c"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "314572800\n");
  CHECK(run.document.at("memory.oom_kills").integer() == 0);
  CHECK(run.document.at("memory.peak_bytes").number() <= 32 * mib);
}

// Red: write -1 to memory.memsw.limit_in_bytes in cgroup/v1.cc.
TEST_CASE("p34 memory: no swap is given to a run") {
  Running running({"run", "--pass", "--memory", "48M", "--", "sh", "-c", "echo ready; sleep 60"});
  running.wait_for_output("ready\n");
  bool looked = false;
  for (const std::string& group : groups_of(running.pid())) {
    // v1 counts memory and swap together, v2 swap alone; without swap accounting neither is there.
    const std::string both = file_of_group(group, "memory.memsw.limit_in_bytes");
    const std::string alone = file_of_group(group, "memory.swap.max");
    CHECK((both.empty() || both == std::to_string(48 << 20) + "\n"));
    CHECK((alone.empty() || alone == "0\n"));
    looked = looked || !file_of_group(group, "memory.limit_in_bytes").empty() ||
             !file_of_group(group, "memory.max").empty();
  }
  CHECK(looked);
  running.send_signal(SIGTERM);
  running.send_signal(SIGINT);
  CHECK(running.finish().exit_status == 143);
}
