// The caller's terminal stays the caller's.
#include <doctest/doctest.h>

#include "terminal.h"

using namespace sbtest;

namespace {

// The supervisor has the terminal as its stdin and stderr and leaks it, too.
void give_terminal(Terminal& terminal) {
  terminal.options.fds = {{0, terminal.slave}, {2, terminal.slave}, {7, terminal.slave}};
}

}  // namespace

// Red: without the session of its own and with a filter that lets TIOCSTI pass, "x" arrives.
TEST_CASE("p8 nothing is typed into the terminal of the caller") {
  for (const char* profile : {"default", "c"}) {
    Terminal terminal;
    give_terminal(terminal);
    const Run run = run_target({"--profile", profile, "--stdin", "null"}, {probe("inject_tty")},
                               terminal.options);
    expect_ok(run);
    CHECK(run.stdout_bytes() == "injected 0\n");
    CHECK(terminal.typed() == 0);
  }
}

TEST_CASE("p8 nothing is typed where the profile would let the call pass") {
  const TempDirectory directory;
  const std::string profile = directory.write(
      "all.toml", "schema = \"sandbox.profile/v1\"\n[syscalls]\ndefault = \"log\"\n");
  for (const Words& options : {Words{"--stdin", "null"}, Words{}}) {
    Terminal terminal;
    give_terminal(terminal);
    Words words = {"--profile", profile, "--wall-time", "20s"};
    words.insert(words.end(), options.begin(), options.end());
    const Run run = run_target(words, {probe("inject_tty")}, terminal.options);
    expect_status(run, "ok", 0);
    CHECK(run.stdout_bytes() == "injected 0\n");
    CHECK(terminal.typed() == 0);
  }
}

// Shows that the probe can do it: outside, on a terminal of its own.
TEST_CASE("p8 the probe types where it may") {
  require("root");
  if (read_file("/proc/sys/dev/tty/legacy_tiocsti").substr(0, 1) == "0") {
    return;  // This kernel has no such call for anybody.
  }
  Terminal terminal;
  give_terminal(terminal);
  terminal.options.binary = probe("inject_tty");
  const Run run = run_sandbox({"own"}, terminal.options);
  CHECK(run.out != "injected 0\n");
  CHECK(terminal.typed() > 0);
}
