// The profiles java and node: real programs under the limits that the profile has.
#include <doctest/doctest.h>

#include <csignal>

#include "languages.h"

using namespace sbtest;

TEST_CASE("profile java: threads and locks") {
  expect_prints("java/Threads.java",
                "1000 taken, sum 500500, ended true\nparallel 4999950000\n100 threads\n");
}

TEST_CASE("profile java: processes") {
  expect_prints(
      "java/Children.java",
      "from a shell\nstatus 7\napple\npear\nended true with 137\nprocess true\nmissing\n");
}

TEST_CASE("profile java: files and directories") {
  expect_prints("java/FileTree.java",
                "/workspace: Text a a/b a/b/second link third\n"
                "/tmp: Text a a/b a/b/second link third\n"
                "temporary true true\n");
}

TEST_CASE("profile java: a server and its client") {
  expect_prints("java/Loopback.java", "HTTP: 200 served /hello\nAF_UNIX: 5 bytes\nUDP: datagram\n");
}

TEST_CASE("profile java: timers and signals") {
  expect_prints("java/Timers.java", "ticks, later true\nsignal true\nhook\n");
}

TEST_CASE("profile java: a heap below its own limit and above each limit") {
  const Program heap("java/Heap.java");
  const Run good = heap.run({"-Xmx750m", "600"});
  expect_ok(good);
  CHECK(good.stdout_bytes() == "600 MiB, 1200 MiB of garbage\n");
  CHECK(good.document.at("memory.peak_bytes").integer() > std::int64_t{600} << 20);
  const Run own_limit = heap.run({"-Xmx64m", "100"});
  expect_exited(own_limit, 1);
  CHECK(contains(own_limit.document.bytes("stderr"), "java.lang.OutOfMemoryError"));
  expect_limit(heap.run({"-Xmx2g", "1200"}), "memory_limit", "memory", 137);
}

// Red: ZGC, which keeps the heap in a file in memory, with the limit of file size that c has.
TEST_CASE("profile java: each collector") {
  const Program heap("java/Heap.java");
  for (const char* collector : {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC",
                                "-XX:+UseZGC", "-XX:+UseShenandoahGC"}) {
    CAPTURE(collector);
    const Run run = heap.run({"-XX:+IgnoreUnrecognizedVMOptions", "-Xmx400m", collector, "100"});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "100 MiB, 200 MiB of garbage\n");
  }
}

TEST_CASE("profile java: the usual ends") {
  const Program crash("java/Crash.java");
  const Run thrown = crash.run({"throw"});
  expect_exited(thrown, 1);
  CHECK(contains(thrown.document.bytes("stderr"), "nobody catches this"));
  expect_ok(crash.run({"thread"}));
  const Run overflow = crash.run({"overflow"});
  expect_exited(overflow, 1);
  CHECK(contains(overflow.document.bytes("stderr"), "java.lang.StackOverflowError"));
  expect_exited(crash.run({"-Xmx256m", "memory"}), 1);
  expect_exited(crash.run({"exit"}), 3);
}

// Where the virtual machine can't lock the file of its counters it says so on stdout.
// Red: without the mount in profiles/java.toml.
TEST_CASE("profile java: nothing of the virtual machine is on stdout") {
  const Run run = Program("java/Crash.java").run({"exit"});
  expect_exited(run, 3);
  CHECK(run.stdout_bytes().empty());
}

TEST_CASE("profile node: workers and locks") {
  expect_prints("node/threads.js", "4 workers, 1000 taken, sum 500500\n");
}

TEST_CASE("profile node: child processes") {
  expect_prints("node/children.js",
                "from a shell\nstatus 7\napple\npear\nmissing ENOENT\nsignal SIGKILL\nanswer 42\n");
}

TEST_CASE("profile node: files and directories") {
  expect_prints("node/files.js",
                "/workspace: a link packed third, 500000 bytes\n"
                "/tmp: a link packed third, 500000 bytes\n");
}

TEST_CASE("profile node: a server and its client") {
  expect_prints("node/loopback.js", "HTTP: 200 served /hello\nAF_UNIX: hello\nUDP: datagram\n");
}

TEST_CASE("profile node: names fail at once but its own") {
  expect_prints("node/names.js",
                "localhost 127.0.0.1\nexample.com EAI_AGAIN\nown resolver ECONNREFUSED\n");
}

TEST_CASE("profile node: timers and signals") {
  expect_prints("node/timers.js", "tick immediate interval, later true\nSIGUSR2\nend 0\n");
}

TEST_CASE("profile node: a heap below and above the limit") {
  expect_heap("node/heap.js", 700, 1200);
}

TEST_CASE("profile node: the usual ends") {
  const Program crash("node/crash.js");
  for (const char* how : {"throw", "reject"}) {
    CAPTURE(how);
    const Run run = crash.run({how});
    expect_exited(run, 1);
    CHECK(contains(run.document.bytes("stderr"), "nobody catches this"));
  }
  const Run overflow = crash.run({"overflow"});
  expect_exited(overflow, 1);
  CHECK(contains(overflow.document.bytes("stderr"), "Maximum call stack size exceeded"));
  const Run heap = crash.run({"--max-old-space-size=64", "heap"});
  expect_signal(heap, SIGABRT);
  CHECK(contains(heap.document.bytes("stderr"), "JavaScript heap out of memory"));
  expect_exited(crash.run({"exit"}), 3);
}
