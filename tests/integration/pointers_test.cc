// Pitfall 17: no call is let through on the strength of memory, which another thread may rewrite.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

// Red: in takes_our_exec of supervise/listener.cc, let exec_is_notified_ stay true: each execve is
// then waved through as the first one is.
// Red: in report_call of supervise/listener.cc, answer calls that are refused and logged as those
// that are only logged: continue.
TEST_CASE("p17 no call is let through for what its pointers point to") {
  const TempDirectory directory;
  for (const char* log : {"true", "false"}) {
    CAPTURE(std::string(log));
    std::string deny;
    for (const char* name : {"openat", "openat2", "connect", "execve"}) {
      deny += std::string("{ name = \"") + name + "\", action = \"errno EACCES\", log = " + log +
              ", why = \"p17\" }, ";
    }
    const std::string profile = directory.write(
        "p17.toml", "schema = \"sandbox.profile/v1\"\nextends = \"default\"\n[syscalls]\ndeny = [" +
                        deny + "]\n");
    const Run run = run_target({"--profile", profile, "--wall-time", "20s"},
                               {probe("race_memory"), slow() > 1 ? "200" : "2000"});
    INFO(run.describe());
    CHECK(run.document.at("status").text() == "ok");
    CHECK(contains(run.stdout_bytes(), slow() > 1 ? "calls=800 " : "calls=8000 "));
    CHECK(contains(run.stdout_bytes(), " passed=0\n"));
  }
}
