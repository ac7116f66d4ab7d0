// The profile compile: programs of several files by each compiler, and sources that never end.
#include <doctest/doctest.h>

#include "languages.h"

using namespace sbtest;

namespace {

std::string source_folder(const std::string& name) {
  return std::string(SANDBOX_SOURCE_DIR) + "/tests/languages/compile/" + name;
}

Run compile(const std::string& folder, const Words& sandbox_options, const Words& command) {
  require("root");
  Words options = {"--profile", "compile", "--workspace", "ro:" + source_folder(folder)};
  options.insert(options.end(), sandbox_options.begin(), sandbox_options.end());
  Options with_time;
  with_time.timeout_s = 200;
  return run_target(options, command, with_time);
}

// build.sh of the folder compiles the program and runs it.
void expect_build(const std::string& folder, const char* compiler, const std::string& output) {
  const Tool found = tool(compiler);
  Words options = found.options;
  if (!options.empty()) {
    const std::string bin = found.path.substr(0, found.path.rfind('/'));
    options.insert(options.end(), {"--env", "PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin"});
  }
  const Run run = compile(folder, options, {"sh", "/workspace/build.sh"});
  expect_ok(run);
  INFO(run.describe());
  CHECK(run.stdout_bytes() == output);
  CHECK(run.document.at("processes.limit_hits").integer() == 0);
}

}  // namespace

TEST_CASE("profile compile: gcc with two libraries") { expect_build("c", "gcc", "42 42\n"); }

TEST_CASE("profile compile: gplusplus with two files at once") {
  expect_build("cpp", "g++", "Forty-two\n");
}

// Red: with flock refused, as in the other profiles: "RLock /workspace/go.mod".
TEST_CASE("profile compile: go with a module of two packages and its test") {
  expect_build("go", "go", "part part \n");
}

TEST_CASE("profile compile: rustc with two crates and a test") {
  expect_build("rust", "rustc", "part part 42\n");
}

TEST_CASE("profile compile: javac with two packages and an archive") {
  expect_build("java", "javac", "Named[name=part]\n");
}

TEST_CASE("profile compile: an error is the compilers own") {
  require("gcc");
  const Run run = compile("c", {}, {"gcc", "-o", "/tmp/program", "/workspace/main.c"});
  expect_exited(run, 1);
  CHECK(contains(run.document.bytes("stderr"), "undefined reference to `part'"));
}

TEST_CASE("profile compile: a bomb of templates ends at the limit of time") {
  require("g++");
  const Run run = compile("bombs", {"--cpu-time", "1s"},
                          {"g++", "-c", "-o", "/tmp/bomb.o", "/workspace/templates.cc"});
  expect_limit(run, "cpu_time_limit", "cpu_time", 124);
}

TEST_CASE("profile compile: a bomb of includes ends at the limit of time") {
  require("gcc");
  const Run run = compile("bombs", {"--cpu-time", "1s"},
                          {"gcc", "-c", "-o", "/tmp/bomb.o", "/workspace/include.c"});
  expect_limit(run, "cpu_time_limit", "cpu_time", 124);
}

TEST_CASE("profile compile: a bomb of macros ends at the limit of memory") {
  require("gcc");
  const Run run = compile("bombs", {"--memory", "128M"},
                          {"gcc", "-c", "-o", "/tmp/bomb.o", "/workspace/macros.c"});
  expect_limit(run, "memory_limit", "memory", 137);
}

// The assembler dies of it, the driver says so: no limit stopped the main process.
TEST_CASE("profile compile: an object of sixteen gibibytes is refused at the limit of file size") {
  require("gcc");
  const Run run = compile("bombs", {}, {"gcc", "-c", "-o", "/tmp/bomb.o", "/workspace/array.c"});
  CHECK(run.document.at("status").text() == "exited");
  CHECK(contains(run.document.bytes("stderr"), "File size limit exceeded"));
  const Run alone =
      compile("bombs", {},
              {"sh", "-c",
               "gcc -S -o /tmp/bomb.s /workspace/array.c && exec as -o /tmp/bomb.o /tmp/bomb.s"});
  expect_limit(alone, "file_size_limit", "file_size", 153);
}

TEST_CASE("profile compile: there is no network") {
  require("python3");
  const Tool python = tool("python3");
  const Run run = compile("c", python.options,
                          {python.path, "-c",
                           "import socket\n"
                           "try:\n  socket.socket()\n"
                           "except OSError as error:\n  print(error.errno)\n"
                           "socket.socketpair()\n"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "97\n");
}
