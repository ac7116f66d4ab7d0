// What the caller's signals do to the program, and when they end the run.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "terminal.h"

using namespace sbtest;

namespace {

// A shell that says which of the signals it got, and goes on.
Words reporter() {
  return {"sh", "-c",
          "for s in HUP USR1 USR2 WINCH; do trap \"echo got $s\" $s; done; echo ready; "
          "i=0; while [ $i -lt 100 ]; do sleep 0.02; i=$((i+1)); done; echo end; exit 5"};
}

std::string status_in(const std::string& path) {
  const Document document = Document::parse(read_file(path));
  REQUIRE(document.is_present());
  return document.at("status").text();
}

// Until then a signal would hit this test's own handlers in the child.
void wait_for_exec(const Running& running) {
  const std::string link = "/proc/" + std::to_string(running.pid()) + "/exe";
  char name[4096];
  for (;;) {
    const ssize_t length = readlink(link.c_str(), name, sizeof name);
    if (length <= 0 || binary() == std::string(name, static_cast<std::size_t>(length))) {
      return;
    }
    usleep(50);
  }
}

Options without_terminal() {
  Options options;
  options.in_child = [] { setsid(); };
  return options;
}

}  // namespace

TEST_CASE("signals: USR1 USR2 and WINCH go on and end nothing") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Running running(passed_run(result, {}, reporter()));
  running.wait_for_output("ready\n");
  for (const auto& [number, name] :
       {std::pair(SIGUSR1, "USR1"), std::pair(SIGUSR2, "USR2"), std::pair(SIGWINCH, "WINCH")}) {
    running.send_signal(number);
    running.wait_for_output(std::string("got ") + name + "\n");
  }
  const Run run = running.finish();
  CHECK(run.exit_status == 5);
  CHECK(contains(run.out, "end\n"));
  CHECK(status_in(result) == "exited");
}

TEST_CASE("signals: USR1 at any moment of the launch harms nothing of ours") {
  for (int round = 0; round < 20; ++round) {
    Running running({"run", "--", "sh", "-c", "trap '' USR1; sleep 0.05; echo done"});
    wait_for_exec(running);
    usleep(static_cast<useconds_t>(rand() % 12'000) + 1000);
    running.send_signal(SIGUSR1);
    const Run run = running.finish();
    if (run.exit_status == 128 + SIGUSR1) {
      continue;  // before `sandbox` or the shell had set up its handling
    }
    expect_ok(run);
    CHECK(run.stdout_bytes() == "done\n");
  }
}

TEST_CASE("signals: TERM at any moment of the launch is one document that says cancelled") {
  int cancelled = 0;
  for (int round = 0; round < 30; ++round) {
    const TempDirectory directory;
    const std::string result = directory.path() + "/result";
    Running running(passed_run(result, {"--grace", "100ms"}, {"sleep", "20"}));
    wait_for_exec(running);
    // The moment is the input of this test: from at once to long after the program began.
    usleep(static_cast<useconds_t>(round * round * 100 * slow()));
    running.send_signal(SIGTERM);
    const Run run = running.finish();
    const std::string text = read_file(result);
    INFO(run.describe());
    INFO(text);
    CHECK(run.exit_status == 143);
    CHECK(run.elapsed_s < 5 * slow());
    if (!text.empty()) {  // else it came before `sandbox` had begun
      CHECK(status_in(result) == "cancelled");
      ++cancelled;
    }
  }
  CHECK(cancelled > 0);
}

TEST_CASE("signals: a program that exits 0 on TERM is cancelled with its exit code and output") {
  Running running({"run", "--", probe("linger"), "catch"});
  const double deadline = monotonic_s() + 10 * slow();
  const auto waits = [&] {
    for (const pid_t pid : running.descendants()) {
      const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
      // Bit 15 of the caught signals is SIGTERM.
      if (contains(status, "Name:\tlinger") && contains(status, "SigCgt:\t0000000000004000")) {
        return true;
      }
    }
    return false;
  };
  while (!waits() && monotonic_s() < deadline) {
    usleep(2000);
  }
  REQUIRE(waits());
  usleep(50'000);
  running.send_signal(SIGTERM);
  const Run run = running.finish();
  expect_status(run, "cancelled", 143);
  CHECK(run.document.at("exit_code").integer() == 0);
  CHECK(run.stdout_bytes() == "ready\ncaught\n");
  CHECK(run.document.at("cause").is_null());
  CHECK(contains(run.document.at("reason").text(), "SIGTERM"));
}

TEST_CASE("signals: the grace time ends with a kill and a grace of nothing kills at once") {
  for (const auto& [grace, least, most] :
       {std::tuple("600ms", 0.6, 2.0), std::tuple("0", 0.0, 0.5)}) {
    const TempDirectory directory;
    const std::string result = directory.path() + "/result";
    Running running(passed_run(result, {"--grace", grace}, {probe("linger"), "ignore"}));
    running.wait_for_output("ready\n");
    const double before = monotonic_s();
    running.send_signal(SIGTERM);
    const Run run = running.finish();
    INFO(run.describe());
    CHECK(run.exit_status == 143);
    CHECK(monotonic_s() - before >= least);
    CHECK(monotonic_s() - before < most + 2 * slow());
    CHECK(status_in(result) == "cancelled");
  }
}

TEST_CASE("signals: HUP cancels only where there is no terminal any more") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Terminal terminal;
  Running with(passed_run(result, {}, reporter()), terminal.options);
  with.wait_for_output("ready\n");
  with.send_signal(SIGHUP);
  with.wait_for_output("got HUP\n");
  const Run run = with.finish();
  CHECK(run.exit_status == 5);
  CHECK(status_in(result) == "exited");

  Running without(passed_run(result, {"--grace", "200ms"}, reporter()), without_terminal());
  without.wait_for_output("ready\n");
  without.send_signal(SIGHUP);
  CHECK(without.finish().exit_status == 143);
  CHECK(status_in(result) == "cancelled");
}

TEST_CASE("signals: a terminal that is hung up cancels and a second HUP does not kill") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Terminal terminal;
  Running running(passed_run(result, {"--grace", "20s"}, reporter()), terminal.options);
  running.wait_for_output("ready\n");
  terminal.hang_up();
  running.wait_for_output("got HUP\n");
  running.send_signal(SIGHUP);
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 143);
  CHECK(contains(run.out, "end\n"));  // it was given the time to end
  CHECK(status_in(result) == "cancelled");
}
