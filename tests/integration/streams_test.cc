// Where stdout and stderr go: files, one pipe for both, and what of them an error leaves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

using namespace sbtest;

namespace {

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 99;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

void expect_elsewhere(const Run& run, const std::string& stream, std::size_t bytes) {
  INFO(run.describe());
  CHECK(run.document.at(stream + ".data").is_null());
  CHECK(run.document.at(stream + ".encoding").is_null());
  CHECK(run.document.at(stream + ".bytes").integer() == static_cast<std::int64_t>(bytes));
}

}  // namespace

TEST_CASE("streams: stdout into a file is every byte and no more than it") {
  const TempDirectory directory;
  const std::string out = directory.write("out", std::string(5 << 20, 'o'));
  Options options;
  options.input = noise(3 << 20);
  const Run run = run_target({"--output", "none", "--stdout", out}, {"cat"}, options);
  expect_ok(run);
  expect_elsewhere(run, "stdout", options.input.size());
  CHECK((read_file(out) == options.input));
}

TEST_CASE("streams: the output limit is exact for files") {
  const TempDirectory directory;
  const std::string out = directory.path() + "/out";
  for (const char* what : {"stop", "truncate"}) {
    const Run run = run_target({"--output", "1000001", "--on-output-limit", what, "--stdout", out},
                               {probe("flood"), "1", "30000000"});
    INFO(run.describe());
    CHECK(run.document.at("status").text() == (what[0] == 's' ? "output_limit" : "ok"));
    CHECK(run.document.at("stdout.truncated").boolean());
    CHECK((read_file(out) == std::string(1'000'001, 'y')));
  }
  const Run exact =
      run_target({"--output", "1000000", "--stdout", out}, {probe("flood"), "1", "1000000"});
  expect_ok(exact);
  expect_elsewhere(exact, "stdout", 1'000'000);
  CHECK(read_file(out).size() == 1'000'000);
}

TEST_CASE("streams: one file for both keeps all of both") {
  const TempDirectory directory;
  const std::string file = directory.path() + "/both";
  const Run run = run_target({"--stdout", file, "--stderr", directory.path() + "/./both"},
                             {"sh", "-c", "seq 1000; seq 2000 3000 >&2"});
  expect_ok(run);
  const std::string text = read_file(file);
  CHECK(text.size() == static_cast<std::size_t>(run.document.at("stdout.bytes").integer() +
                                                run.document.at("stderr.bytes").integer()));
  CHECK(lines_of(text).size() == 2001);
}

TEST_CASE("streams: stderr to stdout keeps the order") {
  const std::string loop = "i=0; while [ $i -lt 200 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done";
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    expected += "o" + std::to_string(i) + "\ne" + std::to_string(i) + "\n";
  }
  const Run run = run_target({"--stderr", "stdout"}, {"sh", "-c", loop});
  expect_ok(run);
  CHECK(run.stdout_bytes() == expected);
  expect_elsewhere(run, "stderr", 0);

  const TempDirectory directory;
  const std::string file = directory.path() + "/both";
  const Run filed = run_target({"--stdout", file, "--stderr", "stdout"}, {"sh", "-c", loop});
  expect_ok(filed);
  CHECK(read_file(file) == expected);

  const Run passed = run_target({"--pass", "--stderr", "stdout"}, {"sh", "-c", loop});
  CHECK(passed.exit_status == 0);
  CHECK(passed.out == expected);
  CHECK(passed.err.empty());
}

TEST_CASE("streams: a file that takes no more is an error with what else was captured") {
  const Run run = run_target({"--stdout", "/dev/full", "--wall-time", "20s"},
                             {"sh", "-c", "echo before >&2; sleep 0.2; echo lost; sleep 10"});
  INFO(run.describe());
  expect_status(run, "error", 125);
  CHECK(run.document.at("error.tag").text() == "io.output");
  CHECK(run.document.at("error.errno").text() == "ENOSPC");
  CHECK(run.document.at("exit_code").is_null());
  CHECK(run.document.bytes("stderr") == "before\n");
  CHECK(run.elapsed_s < 5 * slow());
}

TEST_CASE("streams: a file that cannot be opened is an error before anything runs") {
  for (const char* option : {"--stdout", "--stderr"}) {
    const Run run = run_target({option, "/nonexistent/out"}, {"echo", "hi"});
    expect_status(run, "error", 125);
    CHECK(run.document.at("error.tag").text() == "io.output");
    CHECK(run.document.at("stdout.bytes").integer() == 0);
  }
}

TEST_CASE("streams: a reader of a fifo gets what goes to it") {
  const TempDirectory directory;
  const std::string fifo = directory.path() + "/fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  const Run run = run_target({"--stdout", fifo}, {"echo", "through"});
  expect_ok(run);
  char text[64] = {};
  CHECK(read(reader, text, sizeof text) == 8);
  CHECK(std::string(text) == "through\n");
  close(reader);
}

TEST_CASE("streams: exit-zero hides every verdict but an unusable command line") {
  CHECK(run_target({"--exit-zero"}, {"sh", "-c", "exit 7"}).exit_status == 0);
  CHECK(run_target({"--exit-zero", "--wall-time", "100ms"}, {"sleep", "5"}).exit_status == 0);
  const Run absent = run_target({"--exit-zero"}, {"./absent"});
  CHECK(absent.exit_status == 0);
  CHECK(absent.document.at("status").text() == "error");
  CHECK(run_sandbox({"run", "--exit-zero"}).exit_status == 2);
  CHECK(run_target({"--exit-zero", "--result", "/dev/full"}, {"true"}).exit_status == 125);
}

TEST_CASE("streams: a result that nobody reads is given up at TERM") {
  Options options;
  options.reads_output = false;
  Running running({"run", "--output", "1M", "--", probe("flood"), "1", "500000"}, options);
  const std::string wchan = "/proc/" + std::to_string(running.pid()) + "/wchan";
  const double deadline = monotonic_s() + 10 * slow();
  // Until only the supervisor is left, and waits for its reader.
  while (monotonic_s() < deadline &&
         !(running.descendants().empty() && contains(read_file(wchan), "poll"))) {
    usleep(5000);
  }
  usleep(300'000);
  running.send_signal(SIGTERM);
  const Run run = running.finish();
  CHECK(run.exit_status == 125);
  CHECK(contains(run.err, "io.result"));
  CHECK(run.elapsed_s < 12 * slow());
}

bool is_blocked(pid_t pid, int number) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  const std::string mask = value_of(status, "SigBlk").value_or("0");
  return (std::stoull(mask, nullptr, 16) >> (number - 1) & 1U) != 0;
}

// Not even a zombie, which is what nobody has reaped yet.
bool is_alive(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  return !stat.empty() && !contains(stat, ") Z ");
}

// Red: a blocking open(2) in sys::open_for_writing().
TEST_CASE("streams: a named pipe that nobody reads waits until sandbox is told to end") {
  const TempDirectory directory;
  const std::string pipe = directory.path() + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0666) == 0);
  for (const char* option : {"--stdout", "--stderr", "--events", "--result"}) {
    CAPTURE(std::string(option));
    Options options;
    options.needs_host = false;
    Running running({"run", option, pipe, "--", "true"}, options);
    const double deadline = monotonic_s() + 20 * slow();
    while (!is_blocked(running.pid(), SIGTERM) && monotonic_s() < deadline) {
      usleep(1000);  // until it has read its words and takes signals as they come
    }
    // Why more than one: the first may find a run under way and cancel it; then its result waits
    // for a reader, until the next.
    while (is_alive(running.pid()) && monotonic_s() < deadline) {
      running.send_signal(SIGTERM);
      usleep(20'000);
    }
    const Run run = running.finish();
    INFO(run.describe());
    if (run.document.has("status")) {
      CHECK(run.document.at("status").text() == "cancelled");
      CHECK(run.exit_status == 128 + SIGTERM);
      CHECK(run.document.at("enforced").is_null());  // there was nothing yet
    } else {
      CHECK(run.exit_status == 125);
      CHECK(contains(run.err, "Operation canceled"));
    }
  }
}

TEST_CASE("streams: a named pipe is written once somebody reads it") {
  const TempDirectory directory;
  const std::string pipe = directory.path() + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0666) == 0);
  Running running({"run", "--stdout", pipe, "--", "echo", "hello"});
  CHECK(read_file(pipe) == "hello\n");
  expect_ok(running.finish());
}
