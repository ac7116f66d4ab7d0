// p35, p37: programs of the languages people send run under the default limits, and are measured.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

#include "harness.h"

using namespace sbtest;

namespace {

// Under the limits of the profile `default`, whatever that reserves of address space or stack.
Run expect_hello(const Words& sandbox_options, const Words& command, const std::string& output) {
  const Run run = run_target(sandbox_options, command);
  expect_ok(run);
  INFO(run.describe());
  CHECK(run.stdout_bytes() == output);
  CHECK(run.document.at("memory.limit_bytes").integer() == 512 << 20);
  CHECK(run.document.at("memory.oom_kills").integer() == 0);
  CHECK(run.document.at("processes.limit_hits").integer() == 0);
  return run;
}

// Builds DIRECTORY/hello.
void compile(const TempDirectory& directory, const std::string& options, const char* source) {
  directory.write("hello.c", source);
  const std::string base = directory.path() + "/hello";
  REQUIRE(std::system(("cc " + options + " -o " + base + " " + base + ".c").c_str()) == 0);
}

constexpr const char* c_threads = R"(
#include <pthread.h>
#include <stdio.h>
static void* work(void* number) { return number; }
int main(void) {
  pthread_t threads[32];
  for (long i = 0; i < 32; ++i) {
    if (pthread_create(&threads[i], NULL, work, (void*)i) != 0) return 1;
  }
  long sum = 0;
  for (int i = 0; i < 32; ++i) {
    void* result = NULL;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  printf("hello %ld\n", sum);
  return 0;
}
)";

constexpr const char* java_threads = R"(
public class Hello {
  public static void main(String[] arguments) throws Exception {
    Thread thread = new Thread(() -> System.out.println("hello"));
    thread.start();
    thread.join();
  }
}
)";

}  // namespace

TEST_CASE("p37 C: thirty-two threads under the default limits") {
  require("cc");
  require("root");
  const TempDirectory directory;
  compile(directory, "-O1 -pthread", c_threads);
  expect_hello({}, {directory.path() + "/hello"}, "hello 496\n");
}

// It reserves terabytes of address space.
// Red: add an RLIMIT_AS of 512 MiB in add_limits of launch/plan_builder.cc.
TEST_CASE("p37 C: the address sanitizer under the default limits") {
  require("cc");
  require("root");
  const TempDirectory directory;
  compile(directory, "-pthread -fsanitize=address", c_threads);
  // Its search for leaks attaches to the program, as a debugger does.
  expect_hello({"--env", "ASAN_OPTIONS=detect_leaks=0"}, {directory.path() + "/hello"},
               "hello 496\n");
}

TEST_CASE("p37 Python: threads and a process under the default limits") {
  require("python3");
  expect_hello({},
               {"python3", "-c",
                "import subprocess, threading\n"
                "thread = threading.Thread(target=lambda: print('hello', flush=True))\n"
                "thread.start(); thread.join()\n"
                "print(subprocess.run(['echo', 'child'], capture_output=True).stdout)\n"},
               "hello\nb'child\\n'\n");
}

TEST_CASE("p37 Node: a timer a file and a process under the default limits") {
  require("node");
  expect_hello({},
               {"node", "-e",
                "const fs = require('fs');"
                "fs.writeFileSync('/tmp/a', 'hello');"
                "setTimeout(() => console.log(fs.readFileSync('/tmp/a', 'utf8')), 10);"
                "console.log(require('child_process').execSync('echo child').toString().trim());"},
               "child\nhello\n");
}

TEST_CASE("p37 Java: compiled and run in one step under the default limits") {
  require("java");
  require("root");
  const TempDirectory directory;
  directory.write("Hello.java", java_threads);
  expect_hello({"--mount", directory.path() + ":/source:ro"}, {"java", "/source/Hello.java"},
               "hello\n");
}

// What a run shares with others, such as the pages of libraries, is charged to who came first; so
// the peak may be lower the second time, the resident size says the same. Tolerance: a quarter of
// the resident size, and 64 MiB of the peak.
// Red: never find the resident size larger in on_settled of supervise/supervisor.cc.
TEST_CASE("p35 Java: peak and resident size are both told and two runs agree") {
  require("java");
  require("root");
  const TempDirectory directory;
  directory.write("Hello.java", java_threads);
  const Words options = {"--mount", directory.path() + ":/source:ro"};
  const Run first = expect_hello(options, {"java", "/source/Hello.java"}, "hello\n");
  const Run second = expect_hello(options, {"java", "/source/Hello.java"}, "hello\n");
  INFO(first.describe());
  INFO(second.describe());
  const auto field = [](const Run& run, const char* name) {
    return run.document.at(std::string("memory.") + name).number();
  };
  for (const Run& run : {first, second}) {
    CHECK(field(run, "peak_bytes") > 8 << 20);
    CHECK(field(run, "max_rss_bytes") > 32 << 20);
    CHECK_FALSE(run.document.at("memory.peak_source").text().empty());
  }
  CHECK(std::abs(field(first, "max_rss_bytes") - field(second, "max_rss_bytes")) <
        field(first, "max_rss_bytes") / 4);
  // The virtual machine's own files, some 130 MiB, are charged to whoever reads them first: the
  // peak of a cold run has those that it touched on top, and nothing else differs.
  CHECK(std::abs(field(first, "peak_bytes") - field(second, "peak_bytes")) < 160 << 20);
}
