// How a program ends, and that the verdict says just that.
#include <doctest/doctest.h>
#include <signal.h>

#include "harness.h"

using namespace sbtest;

TEST_CASE("status: true is ok and false is exited with 1") {
  const Run run = run_target({}, {"true"});
  expect_ok(run);
  CHECK(run.stdout_bytes().empty());
  expect_exited(run_target({}, {"false"}), 1);
  CHECK(run.document.at("sandbox.profile").text() == "default");
  CHECK(run.document.at("sandbox.profile_sha256").text().size() == 64);
  CHECK(run.document.at("enforced.namespaces").size() == 7);
}

TEST_CASE("status: every exit code comes back as it was") {
  for (const int code : {1, 2, 7, 42, 124, 125, 126, 127, 143, 153, 159, 255}) {
    expect_exited(run_target({}, {probe("die"), "exit", std::to_string(code)}), code);
  }
}

// Red: block all signals at the end of reset_signals of launch/inside/target.cc.
TEST_CASE("p21 signals have their default actions inside") {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGUSR1, SIGALRM,
                           SIGPIPE, SIGXCPU, SIGSYS, SIGTRAP, 34, 64}) {
    expect_signal(run_target({}, {probe("die"), "raise", std::to_string(number)}), number);
    expect_signal(run_target({}, {probe("die"), "kill", std::to_string(number)}), number);
  }
}

TEST_CASE("p21 faults and abort die of their signals") {
  const std::pair<const char*, int> table[] = {
      {"abort", SIGABRT}, {"segv", SIGSEGV}, {"fpe", SIGFPE}, {"ill", SIGILL}};
  for (const auto& [how, number] : table) {
    const Run run = run_target({}, {probe("die"), how});
    expect_signal(run, number);
    CHECK(run.document.at("signal.name").text().rfind("SIG", 0) == 0);
  }
}

TEST_CASE("p21 a child dies of SIGTERM as outside") {
  const Run run = run_target({}, {probe("die"), "term_child"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "child signal=15\n");
}

// Red: take codes above 125 for signals in judge_main_process of supervise/decide.cc.
TEST_CASE("p25 exit 137 is not SIGKILL") {
  expect_exited(run_target({}, {probe("die"), "exit", "137"}), 137);
  expect_signal(run_target({}, {probe("die"), "kill", "9"}), SIGKILL);
  expect_signal(run_target({}, {"sh", "-c", "kill -9 $$"}), SIGKILL);
}

TEST_CASE("p25 a missing program is not exit 127") {
  expect_exited(run_target({}, {probe("die"), "exit", "127"}), 127);
  for (const char* name : {"no-such-program-here", "./no-such-file", "/no/such/file"}) {
    const Run run = run_target({}, {name});
    expect_status(run, "error", 127);
    CHECK(run.document.at("error.tag").text() == "program.not_found");
    CHECK(run.document.at("exit_code").is_null());
    CHECK(contains(run.document.at("error").dump(), name));
  }
}

TEST_CASE("p25 a file that cannot be executed is not exit 126") {
  expect_exited(run_target({}, {probe("die"), "exit", "126"}), 126);
  const TempDirectory directory;
  directory.write("plain", "just text\n", 0644);
  directory.write("garbage", std::string("\x7f") + "ELFgarbage that is no program", 0755);
  Options options;
  options.directory = directory.path();
  for (const char* name : {"./plain", "./garbage", "/etc"}) {
    const Run run = run_target({}, {name}, options);
    expect_status(run, "error", 126);
    CHECK(run.document.at("error.tag").text() == "program.not_executable");
  }
}

TEST_CASE("status: exit-zero exits 0 whatever the program did") {
  Run run = run_target({"--exit-zero"}, {"false"});
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(run.document.at("status").text() == "exited");
  CHECK(run.document.at("exit_code").integer() == 1);
  run = run_target({"--exit-zero", "--wall-time", "100ms"}, {"sleep", "10"});
  CHECK(run.exit_status == 0);
  CHECK(run.document.at("status").text() == "wall_time_limit");
}
