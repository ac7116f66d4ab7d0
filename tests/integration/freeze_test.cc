// TSTP stops the program and then the supervisor; CONT lets both go on; no time passes in between.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "harness.h"

using namespace sbtest;

namespace {

// The letter of /proc/PID/stat; '?' where there is no such process.
char state_of(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end = stat.rfind(')');
  return end == std::string::npos || end + 2 >= stat.size() ? '?' : stat[end + 2];
}

bool becomes_stopped(pid_t pid, bool stopped, double patience_s = 5 * slow()) {
  const double deadline = monotonic_s() + patience_s;
  while ((state_of(pid) == 'T') != stopped) {
    if (monotonic_s() > deadline) {
      return false;
    }
    usleep(1000);
  }
  return true;
}

// Kernel: what cgroup v2 has frozen seems to sleep; cgroup.events of its group tells (cgroups(7)).
bool is_frozen(pid_t pid) {
  const std::string groups = read_file("/proc/" + std::to_string(pid) + "/cgroup");
  for (const std::string& line : lines_of(groups)) {
    if (line.rfind("0::", 0) == 0) {
      const std::string events = line.substr(3) + "/cgroup.events";
      // On a hybrid host the v2 tree is beside those of v1.
      return contains(read_file("/sys/fs/cgroup" + events), "frozen 1") ||
             contains(read_file("/sys/fs/cgroup/unified" + events), "frozen 1");
    }
  }
  return false;
}

// D: it waits for a child of its vfork, which is stopped.
bool cannot_run(pid_t pid) {
  return is_frozen(pid) || std::string("DZ?").find(state_of(pid)) != std::string::npos;
}

void stop(const Running& running) {
  running.send_signal(SIGTSTP);
  REQUIRE(becomes_stopped(running.pid(), true));
}

void resume(const Running& running) {
  running.send_signal(SIGCONT);
  REQUIRE(becomes_stopped(running.pid(), false));
}

Document result_of(const std::string& path) {
  Document document = Document::parse(read_file(path));
  REQUIRE(document.is_present());
  return document;
}

// Two processes of two sessions that count, so that what runs can be seen.
const Words counter = {"sh", "-c",
                       "echo ready; setsid sh -c 'while :; do :; done' & "
                       "i=0; while [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done; "
                       "echo counted; kill -9 $!"};

}  // namespace

TEST_CASE("freeze: TSTP stops all and CONT lets all go on and no time passes between") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  const std::string limit = std::to_string(4 * static_cast<int>(slow())) + "s";
  Running running(passed_run(result, {"--wall-time", limit, "--cpu-time", "none"}, counter));
  running.wait_for_output("ready\n");
  for (int round = 0; round < 3; ++round) {
    stop(running);
    const std::vector<pid_t> inside = running.descendants();
    CHECK(inside.size() >= 3);
    unsigned running_on = 0;
    for (const pid_t pid : inside) {
      // Each stops when it next runs, which on a busy machine takes a moment.
      running_on += cannot_run(pid) || becomes_stopped(pid, true, 1 * slow()) ? 0U : 1U;
    }
    CHECK(running_on == 1);  // init
    usleep(1'500'000);
    resume(running);
    usleep(20'000);
  }
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(contains(run.out, "counted\n"));
  CHECK(run.elapsed_s > 4.5);
  const Document document = result_of(result);
  CHECK(document.at("status").text() == "ok");
  CHECK(document.at("time.wall_ns").number() >= 0.8e9);  // a sleep may end while stopped
  // Three stops of a second and a half are not in it.
  CHECK(document.at("time.wall_ns").number() < (run.elapsed_s - 4.4) * 1e9);
  CHECK(document.at("violations_total").integer() == 0);
}

TEST_CASE("freeze: the wall time goes on where it stood") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Running running(
      passed_run(result, {"--wall-time", "1s"}, {"sh", "-c", "echo ready; exec sleep 30"}));
  running.wait_for_output("ready\n");
  stop(running);
  usleep(1'500'000);
  CHECK(state_of(running.pid()) == 'T');
  resume(running);
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 124);
  CHECK(run.elapsed_s > 2.4);
  const Document document = result_of(result);
  CHECK(document.at("status").text() == "wall_time_limit");
  CHECK(document.at("cause.observed").number() >= 1e9);
  CHECK(document.at("cause.observed").number() < 1.4e9 * slow());
}

TEST_CASE("freeze: a storm of TSTP and CONT changes nothing") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Running running(passed_run(result, {"--wall-time", "50s", "--cpu-time", "none"}, counter));
  for (int i = 0; i < 300; ++i) {
    running.send_signal(SIGTSTP);
    usleep(static_cast<useconds_t>(rand() % 3000));
    running.send_signal(SIGCONT);
    usleep(static_cast<useconds_t>(rand() % 3000));
  }
  // Why: the last CONT may come between the supervisor's last look and its stop.
  const double deadline = monotonic_s() + 20 * slow();
  while (state_of(running.pid()) != 'Z' && monotonic_s() < deadline) {
    running.send_signal(SIGCONT);
    usleep(10'000);
  }
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(contains(run.out, "counted\n"));
  const Document document = result_of(result);
  CHECK(document.at("status").text() == "ok");
  CHECK(document.at("violations_total").integer() == 0);
}

TEST_CASE("freeze: a run that is stopped and killed leaves nothing") {
  Options options;
  options.killed = true;
  Running running({"run", "--pass", "--wall-time", "30s", "--", probe("tree")}, options);
  running.wait_for_output("ready\n");
  stop(running);
  running.send_signal(SIGKILL);
  CHECK(running.finish().exit_status == 128 + SIGKILL);
  expect_true_runs();
}

TEST_CASE("freeze: TERM while stopped counts once it goes on") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Running running(passed_run(result, {"--grace", "1s"}, {probe("linger"), "catch"}));
  running.wait_for_output("ready\n");
  stop(running);
  running.send_signal(SIGTERM);
  usleep(300'000);
  CHECK(state_of(running.pid()) == 'T');
  running.send_signal(SIGCONT);
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 143);
  CHECK(contains(run.out, "caught\n"));
  CHECK(result_of(result).at("status").text() == "cancelled");
}

TEST_CASE("freeze: at any moment of a launch") {
  for (int round = 0; round < 20; ++round) {
    Running running({"run", "--wall-time", "20s", "--", "echo", "done"});
    usleep(static_cast<useconds_t>(rand() % 12'000));
    running.send_signal(SIGTSTP);
    const double deadline = monotonic_s() + 10 * slow();
    while (state_of(running.pid()) != 'Z' && monotonic_s() < deadline) {
      usleep(5'000);
      running.send_signal(SIGCONT);
    }
    const Run run = running.finish();
    expect_ok(run);
    CHECK(run.stdout_bytes() == "done\n");
  }
}
