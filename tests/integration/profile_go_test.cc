// The profile go: real programs under the limits that the profile has. The profile c: those of C++.
#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include "languages.h"

using namespace sbtest;

namespace {

// All programs of tests/languages/go, built with one cache: a newer Go compiles its library anew.
class GoPrograms {
 public:
  GoPrograms() {
    require("root");
    require("go");
    const std::string settings = "cd " + directory_.path() + " && env HOME=" + directory_.path() +
                                 " GOCACHE=" + directory_.path() + "/cache GOFLAGS= " +
                                 "GO111MODULE=off GOTOOLCHAIN=local go build -o ";
    for (const char* name :
         {"threads", "children", "files", "loopback", "names", "timers", "heap", "crash"}) {
      const std::string file = std::string(name) + ".go";
      directory_.write(file,
                       read_file(std::string(SANDBOX_SOURCE_DIR) + "/tests/languages/go/" + file));
      // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
      REQUIRE(std::system((settings + name + " " + file).c_str()) == 0);
    }
  }

  Run run(const std::string& name, const Words& arguments = {},
          const std::string& clock = "real") const {
    Words command = {directory_.path() + "/" + name};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_target({"--profile", "go", "--clock", clock}, command);
  }

  // By both clocks.
  void expect(const std::string& name, const std::string& output) const {
    for (const char* clock : {"real", "virtual"}) {
      CAPTURE(clock);
      const Run run = this->run(name, {}, clock);
      expect_ok(run);
      CHECK(run.stdout_bytes() == output);
      CHECK(run.document.bytes("stderr").empty());
    }
  }

 private:
  TempDirectory directory_;
};

}  // namespace

TEST_CASE("profile go: real programs and the usual ends") {
  const GoPrograms go;
  go.expect("threads", "1000 taken, sum 500500\n");
  go.expect("children", "from a shell\nstatus 7\napple\npear\nsignal killed\nmissing true\n");
  const std::string names = "text, tree a b fourth link third\n";
  go.expect("files", "/workspace: " + names + "/tmp: " + names + "temporary /tmp\n");
  go.expect("loopback", "HTTP: 200 served /hello\nAF_UNIX: hello\nUDP: datagram\n");
  // Red: give the root an /etc/resolv.conf that names a server.
  const std::string both = "localhost 127.0.0.1 <nil>\nexample.com temporary true timeout false\n";
  go.expect("names", both + both);
  go.expect("timers", "context deadline exceeded true true\nuser defined signal 1\n");
  const Run fits = go.run("heap", {"400"});
  expect_ok(fits);
  CHECK(fits.document.at("memory.peak_bytes").integer() > 400 << 20);
  expect_limit(go.run("heap", {"600"}), "memory_limit", "memory", 137);
  for (const char* how : {"panic", "deadlock", "null"}) {
    CAPTURE(how);
    const Run run = go.run("crash", {how});
    expect_exited(run, 2);
    CHECK(contains(run.document.bytes("stderr"), "goroutine 1"));
  }
  // Its stacks are on the heap, and may grow to 1 GB.
  expect_limit(go.run("crash", {"overflow"}), "memory_limit", "memory", 137);
  expect_exited(go.run("crash", {"exit"}), 3);
}

TEST_CASE("profile c: the programs of cpp") {
  for (const char* name : {"threads", "children", "files", "loopback", "timers"}) {
    CAPTURE(name);
    const Run run = Program("cpp/" + std::string(name) + ".cc").run({}, {"--profile", "c"});
    expect_ok(run);
    CHECK(run.document.at("sandbox.profile").text() == "c");
    CHECK(run.document.at("processes.limit_hits").integer() == 0);
  }
  const Program crash("cpp/crash.cc");
  expect_signal(crash.run({"overflow"}, {"--profile", "c"}), SIGSEGV);
  expect_signal(crash.run({"throw"}, {"--profile", "c"}), SIGABRT);
  expect_limit(Program("cpp/heap.cc").run({"600"}, {"--profile", "c"}), "memory_limit", "memory",
               137);
}
