// The profiles cpp and rust: real programs under the limits that the profile has.
#include <doctest/doctest.h>

#include <csignal>

#include "languages.h"

using namespace sbtest;

TEST_CASE("profile cpp: threads and locks") {
  expect_prints("cpp/threads.cc", "1000 taken, sum 500500\n");
}

TEST_CASE("profile cpp: a shell and a child of fork") {
  expect_prints("cpp/children.cc", "from a shell\nstatus 7\nfrom a child, 12 bytes, status 3\n");
}

TEST_CASE("profile cpp: files and directories") {
  expect_prints("cpp/files.cc",
                "/workspace: text, 5 entries, 1048581 bytes, 6 removed\n"
                "/tmp: text, 5 entries, 1048581 bytes, 6 removed\n");
}

TEST_CASE("profile cpp: a server and its client") {
  expect_prints("cpp/loopback.cc", "TCP: served hello\nAF_UNIX: served hello\nUDP: datagram\n");
}

TEST_CASE("profile cpp: timers and signals") {
  expect_prints("cpp/timers.cc", "alarms, signal 10, 1 tick, later 1\n");
}

TEST_CASE("profile cpp: a heap below and above the limit") { expect_heap("cpp/heap.cc", 440, 600); }

TEST_CASE("profile cpp: the usual ends") {
  const Program crash("cpp/crash.cc");
  const Run thrown = crash.run({"throw"});
  expect_signal(thrown, SIGABRT);
  CHECK(contains(thrown.document.bytes("stderr"), "nobody catches this"));
  expect_signal(crash.run({"overflow"}), SIGSEGV);
  expect_signal(crash.run({"null"}), SIGSEGV);
  const Run caught = crash.run({"bad_alloc"});
  expect_ok(caught);
  CHECK(caught.stdout_bytes() == "caught\n");
  expect_exited(crash.run({"exit"}), 3);
}

TEST_CASE("profile rust: threads and locks") {
  expect_prints("rust/threads.rs",
                "1000 taken, sum 500500\nready true, more than one CPU or one: true\n");
}

TEST_CASE("profile rust: commands") {
  expect_prints("rust/children.rs",
                "from a shell\nstatus 7\napple\npear\nsignal 9\nmissing: NotFound\n");
}

TEST_CASE("profile rust: files and directories") {
  expect_prints("rust/files.rs",
                "/workspace: text, a fourth link third, 5\n/tmp: text, a fourth link third, 5\n");
}

TEST_CASE("profile rust: a server and its client") {
  expect_prints("rust/loopback.rs", "TCP: served hello\nAF_UNIX: served hello\nUDP: datagram\n");
}

TEST_CASE("profile rust: timers and signals") {
  expect_prints("rust/timers.rs", "Err(Timeout), later true\nalarms, after 1970 true\n");
}

TEST_CASE("profile rust: a heap below and above the limit") {
  expect_heap("rust/heap.rs", 440, 600);
}

TEST_CASE("profile rust: the usual ends") {
  const Program crash("rust/crash.rs");
  const Run panic = crash.run({"panic"});
  expect_exited(panic, 101);
  CHECK(contains(panic.document.bytes("stderr"), "index out of bounds"));
  expect_ok(crash.run({"caught"}));
  const Run overflow = crash.run({"overflow"});
  expect_signal(overflow, SIGABRT);
  CHECK(contains(overflow.document.bytes("stderr"), "overflowed its stack"));
  expect_signal(crash.run({"abort"}), SIGABRT);
  expect_exited(crash.run({"error"}), 1);
  expect_exited(crash.run({"exit"}), 3);
}
