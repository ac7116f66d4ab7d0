// The profiles python, perl and shell: real programs under the limits that the profile has.
#include <doctest/doctest.h>

#include <csignal>

#include "languages.h"

using namespace sbtest;

TEST_CASE("profile python: threads and locks") {
  expect_prints("python/threads.py", "1000 taken, sum 500500\nsquares 328350\nbarrier True\n");
}

TEST_CASE("profile python: processes") {
  expect_prints("python/children.py",
                "from a shell\nstatus 7\napple\npear\nsignal 9\nsquares [0, 1, 4, 9, 16]\n"
                "counter 3\nspawned 81\nfork 3\n");
}

TEST_CASE("profile python: files and directories") {
  const std::string names = "Text, tree tree/a tree/a/b tree/a/b/second tree/link tree/third\n";
  expect_prints("python/files.py",
                "/workspace: " + names + "/tmp: " + names + "temporary /tmp 1000\nsum 4950\n");
}

TEST_CASE("profile python: a server and its client") {
  expect_prints("python/loopback.py",
                "HTTP: 200 served /hello\nasyncio: hello\nasyncio: child\nAF_UNIX: hello\n"
                "UDP: datagram\n");
}

TEST_CASE("profile python: timers and signals") {
  expect_prints("python/timers.py", "timer True\nfirst second\nTrue\nlater True\n");
}

TEST_CASE("profile python: a heap below and above the limit") {
  expect_heap("python/heap.py", 440, 600);
}

TEST_CASE("profile python: the usual ends") {
  const Program crash("python/crash.py");
  const Run raised = crash.run({"raise"});
  expect_exited(raised, 1);
  CHECK(contains(raised.document.bytes("stderr"), "ValueError: nobody catches this"));
  const Run recursion = crash.run({"recursion"});
  expect_exited(recursion, 1);
  CHECK(contains(recursion.document.bytes("stderr"), "RecursionError"));
  const Run overflow = crash.run({"overflow"});
  // From 3.12 on the interpreter counts frames of C by itself.
  if (overflow.document.at("status").text() == "exited") {
    expect_exited(overflow, 1);
  } else {
    expect_signal(overflow, SIGSEGV);
  }
  expect_signal(crash.run({"abort"}), SIGABRT);
  expect_exited(crash.run({"exit"}), 3);
}

TEST_CASE("profile perl: threads and locks") {
  const Run run = Program("perl/threads.pl").run();
  if (run.exit_status == 77) {
    CHECK(run.stdout_bytes() == "no threads\n");
    return;
  }
  expect_ok(run);
  CHECK(run.stdout_bytes() == "1000 taken, sum 500500\n");
}

TEST_CASE("profile perl: processes and shared memory") {
  expect_prints("perl/children.pl",
                "from a shell\nstatus 7\napple\npear\nfrom a child, status 3\nsignal 9\n");
}

TEST_CASE("profile perl: files and directories") {
  const std::string names = "text, /tree /tree/a /tree/a/b /tree/a/b/second /tree/link /tree/third";
  expect_prints("perl/files.pl",
                "/workspace: " + names + ", 2\n/tmp: " + names + ", 2\ntemporary 1\n");
}

TEST_CASE("profile perl: a server and its client") {
  expect_prints("perl/loopback.pl", "TCP: 1 served hello\nAF_UNIX: hello\nUDP: datagram\n");
}

TEST_CASE("profile perl: timers and signals") {
  expect_prints("perl/timers.pl", "alarms\nlate\nsignals USR1 TERM, later 1\nend\n");
}

TEST_CASE("profile perl: a heap below and above the limit") {
  expect_heap("perl/heap.pl", 430, 600);
}

TEST_CASE("profile perl: the usual ends") {
  const Program crash("perl/crash.pl");
  const Run died = crash.run({"die"});
  expect_exited(died, 255);
  CHECK(died.document.bytes("stderr") == "nobody catches this\n");
  // Its stack is on the heap.
  expect_limit(crash.run({"recursion"}), "memory_limit", "memory", 137);
  expect_signal(crash.run({"signal"}), SIGSEGV);
  expect_exited(crash.run({"exit"}), 3);
}

TEST_CASE("profile shell: the usual tools in pipelines") {
  expect_prints("shell/pipeline.sh",
                "apple=3 pear=2 fig=1\n1171\nsum 500500\n1 2 3 2\n2+4+6+8+10\n30 53d02512\n");
}

TEST_CASE("profile shell: jobs and pipes") {
  expect_prints("shell/children.sh",
                "status 7\nstatuses 1 0\nsignal 9\ncoprocess HELLO\nthrough a pipe with a name\n"
                "end 0\n");
}

TEST_CASE("profile shell: files and directories") {
  const std::string tree =
      "tree/a/b/second 11 644\ntree/fourth 11 600\ntree/third 11 600\ntext of 42 978307200 100\n";
  expect_prints("shell/files.sh", tree + tree + "temporary\n");
}

TEST_CASE("profile shell: a server and its client") {
  expect_prints("shell/loopback.sh", "TCP: served hello\n");
}

TEST_CASE("profile shell: timers and signals") {
  expect_prints("shell/timers.sh", "timeout 124\nread 1\ncaught\nlater 1\nalarm 1\n1970\n");
}

TEST_CASE("profile shell: a heap below and above the limit") {
  expect_heap("shell/heap.sh", 430, 600);
}

TEST_CASE("profile shell: the usual ends") {
  const Program crash("shell/crash.sh");
  expect_exited(crash.run({"error"}), 1);
  expect_exited(crash.run({"unset"}), 1);
  expect_signal(crash.run({"recursion"}, {"--stack", "1M"}), SIGSEGV);
  expect_signal(crash.run({"signal"}), SIGSEGV);
  expect_exited(crash.run({"exit"}), 3);
}

TEST_CASE("profile shell: a fork bomb is held to its processes and ends at a time limit") {
  const Run run =
      Program("shell/crash.sh").run({"bomb"}, {"--wall-time", "2s", "--cpu-time", "1s"});
  INFO(run.describe());
  CHECK(run.exit_status == 124);
  CHECK(run.document.at("processes.limit_hits").integer() > 0);
  CHECK(run.document.at("processes.peak").integer() <= 128);
}
