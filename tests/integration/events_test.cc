// --events: what happens, as it happens, byte for byte, for readers quick and slow.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "faults.h"
#include "harness.h"

using namespace sbtest;

namespace {

std::vector<Document> parse(const std::string& text) {
  std::vector<Document> events;
  for (const std::string& line : lines_of(text)) {
    INFO(line);
    events.push_back(Document::parse(line));
    REQUIRE(events.back().is_present());
  }
  return events;
}

std::vector<std::string> names(const std::vector<Document>& events) {
  std::vector<std::string> result;
  for (const Document& event : events) {
    result.push_back(event.at("event").text());
  }
  return result;
}

// All that the events tell of one stream.
std::string bytes_of(const std::vector<Document>& events, const std::string& stream) {
  std::string bytes;
  for (const Document& event : events) {
    if (event.at("event").text() == stream) {
      bytes += event.bytes("");
    }
  }
  return bytes;
}

void expect_valid(const std::string& text) {
  const TempDirectory folder;
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    folder.write(std::to_string(number++) + ".json", line);
  }
  const std::string command = "/usr/bin/python3 " SANDBOX_SOURCE_DIR "/tests/schema/validate.py " +
                              folder.path() +
                              " " SANDBOX_SOURCE_DIR "/packaging/events.schema.json >&2";
  const int status = std::system(command.c_str());
  CHECK(WIFEXITED(status));
  CHECK((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}

struct Watched {
  Run run;
  std::string text;
  std::vector<Document> events;
};

Watched run_watched(Words options, const Words& command, const Options& how = {}) {
  const TempDirectory directory;
  const std::string file = directory.path() + "/events";
  options.insert(options.end(), {"--events", file});
  Watched watched;
  watched.run = run_target(options, command, how);
  watched.text = read_file(file);
  INFO(watched.run.describe());
  INFO(watched.text.substr(0, 2000));
  watched.events = parse(watched.text);
  expect_valid(watched.text);
  return watched;
}

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 7;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace

TEST_CASE("events: the course of a run") {
  const Watched watched = run_watched(
      {}, {"sh", "-c", "echo one; sleep 0.2; echo two; sleep 0.2; echo oops >&2; exit 4"});
  expect_exited(watched.run, 4);
  CHECK(names(watched.events) ==
        Words{"started", "stdout", "stdout", "stderr", "exited", "result"});
  CHECK(watched.events[1].at("data").text() == "one\n");
  CHECK(watched.events[2].at("data").text() == "two\n");
  CHECK(watched.events[2].at("time_ns").number() >= 0.2e9);
  CHECK(watched.events[2].at("time_ns").number() > watched.events[1].at("time_ns").number());
  CHECK(watched.events[0].at("pid").integer() > 1);
  CHECK(watched.events[4].at("exit_code").integer() == 4);
  CHECK(watched.events[5].at("status").text() == "exited");
  CHECK(watched.events[5].at("time_ns").integer() ==
        watched.run.document.at("time.wall_ns").integer());
  CHECK(watched.run.stdout_bytes() == "one\ntwo\n");
}

// Red: leave the error pipe to confine_self() to close, and take launch_over_ out of
// hold_streams(), or drain_streams() out of tell_exited(). Else the kernel's order of events hides
// these two.
TEST_CASE("events: the start comes first however slow init is") {
  const Options options = with_strace();
  const TempDirectory directory;
  const std::string file = directory.path() + "/events";
  const Run run = run_sandbox(
      under_strace({"signalfd4:delay_enter=300000"}, {"--wall-time", "20s", "--events", file}),
      options);
  expect_ok(run);
  CHECK(names(parse(read_file(file))) == Words{"started", "stdout", "exited", "result"});
}

// Red: in launch/inside/init.cc, the error pipe is left to confine_self() to close.
TEST_CASE("events: a program has started however long init takes") {
  const TempDirectory directory;
  const Options options = with_strace();
  Running running(
      under_strace({"signalfd4:delay_enter=1000000"}, {"--wall-time", "20s", "--events", "fd:1",
                                                       "--result", directory.path() + "/result"}),
      options);
  const pid_t init = await_in_call(running, SYS_signalfd4, false);
  running.wait_for_output("\"started\"");
  // strace still holds it
  CHECK(contains(read_file("/proc/" + std::to_string(init) + "/status"), "State:\tt"));
  CHECK(running.finish().exit_status == 0);
}

TEST_CASE("events: they arrive while the program runs") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Options options;
  options.keep_input_open = true;
  Running running({"run", "--result", result, "--events", "fd:1", "--stdin", "-", "--", "sh", "-c",
                   "echo waiting; read line; echo never"},
                  options);
  running.wait_for_output("\"data\":\"waiting\\n\"");
  running.send_signal(SIGTERM);
  const Run run = running.finish();
  CHECK(run.exit_status == 143);
  const std::vector<Document> events = parse(run.out);
  CHECK(names(events) == Words{"started", "stdout", "signal", "exited", "result"});
  CHECK(events[2].at("signal.name").text() == "SIGTERM");
  CHECK(events[3].at("signal.name").text() == "SIGTERM");
  CHECK(events[4].at("status").text() == "cancelled");
  expect_valid(run.out);
}

TEST_CASE("events: p39 the bytes are exact in every mode") {
  const std::string bytes = noise(200'000) + "text \xc3\xa4\xe2\x82\xac\n" + noise(70'000);
  const TempDirectory directory;
  Options options;
  options.input = bytes;
  for (const Words& how :
       {Words{}, Words{"--pass", "--stdin", "-"}, Words{"--stdout", directory.path() + "/out"}}) {
    const Watched watched = run_watched(how, {"cat"}, options);
    CHECK(watched.run.exit_status == 0);
    CHECK((bytes_of(watched.events, "stdout") == bytes));
  }
  CHECK((read_file(directory.path() + "/out") == bytes));
}

TEST_CASE("events: text stays text however it is cut") {
  std::string text;
  while (text.size() < 300'000) {
    text += "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  }
  Options options;
  options.input = text;
  const Watched watched = run_watched({}, {"cat"}, options);
  expect_ok(watched.run);
  CHECK((bytes_of(watched.events, "stdout") == text));
  for (const Document& event : watched.events) {
    CHECK((!event.has("encoding") || event.at("encoding").text() == "utf-8"));
  }
}

TEST_CASE("events: what is beyond the output limit is not told") {
  const Watched watched = run_watched({"--output", "1000", "--on-output-limit", "truncate"},
                                      {probe("flood"), "1", "1000000"});
  expect_ok(watched.run);
  CHECK(bytes_of(watched.events, "stdout") == std::string(1000, 'y'));
}

TEST_CASE("events: a violation and a limit and an error") {
  const Watched violation = run_watched({}, {probe("violate"), "main"});
  CHECK(violation.run.exit_status == 159);
  CHECK(names(violation.events).back() == "result");
  bool told = false;
  for (const Document& event : violation.events) {
    told = told || (event.at("event").text() == "violation" &&
                    event.at("violation.action").text() == "killed");
  }
  CHECK(told);
  const Watched limit = run_watched({"--wall-time", "200ms"}, {"sleep", "10"});
  CHECK(names(limit.events) == Words{"started", "exited", "result"});
  CHECK(limit.events[1].at("signal.number").integer() == 9);
  CHECK(limit.events[2].at("status").text() == "wall_time_limit");
  const Watched error = run_watched({}, {"./absent"});
  CHECK(names(error.events) == Words{"result"});
  CHECK(error.events[0].at("status").text() == "error");
}

TEST_CASE("events: a freeze is told and takes no time") {
  const TempDirectory directory;
  const std::string file = directory.path() + "/events";
  Running running({"run", "--pass", "--events", file, "--", "sh", "-c", "echo ready; sleep 0.5"});
  running.wait_for_output("ready\n");
  running.send_signal(SIGTSTP);
  usleep(700'000);
  running.send_signal(SIGCONT);
  const Run run = running.finish();
  CHECK(run.exit_status == 0);
  const std::string text = read_file(file);
  INFO(text);
  const std::vector<Document> events = parse(text);
  CHECK(names(events) == Words{"started", "stdout", "frozen", "thawed", "exited", "result"});
  CHECK(events[3].at("time_ns").number() - events[2].at("time_ns").number() < 0.1e9 * slow());
  expect_valid(text);
}

TEST_CASE("events: a reader that never reads makes the program wait and nothing else") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Options options;
  options.fds = {{9, ends[1]}};
  const Run run = run_target({"--events", "fd:9", "--wall-time", "1s", "--output", "64M"},
                             {probe("flood"), "1", "50000000"}, options);
  INFO(run.describe().substr(0, 500));
  CHECK(run.exit_status == 124);
  CHECK(run.elapsed_s < 4 * slow());
  CHECK(run.document.at("stdout.bytes").number() < 4 << 20);
  CHECK((slow() > 1 || run.max_rss_kib < 12 * 1024));
  close(ends[0]);
  close(ends[1]);
  expect_true_runs();
}

TEST_CASE("events: a reader that reads late gets all") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  std::string text;
  std::thread reader([&] {
    usleep(500'000);
    char block[10'000];
    for (ssize_t n = 1; n > 0;) {
      n = read(ends[0], block, sizeof block);
      usleep(100);
      text.append(block, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
  });
  Options options;
  options.fds = {{9, ends[1]}};
  options.input = noise(1 << 20);
  const Run run = run_target({"--events", "fd:9", "--wall-time", "50s"}, {"cat"}, options);
  close(ends[1]);
  reader.join();
  close(ends[0]);
  expect_ok(run);
  const std::vector<Document> events = parse(text);
  REQUIRE_FALSE(events.empty());
  CHECK((bytes_of(events, "stdout") == options.input));
  CHECK(events.back().at("status").text() == "ok");
}

TEST_CASE("events: a reader that leaves changes nothing") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  close(ends[0]);
  Options options;
  options.fds = {{9, ends[1]}};
  const Run run = run_target({"--events", "fd:9"}, {probe("flood"), "1", "1000000"}, options);
  expect_ok(run);
  CHECK(run.document.at("stdout.bytes").integer() == 1'000'000);
  CHECK(run.document.at("warnings").size() == 0);
  close(ends[1]);
}

TEST_CASE("events: a file that takes no more is a warning and the verdict stands") {
  const Run run = run_target({"--events", "/dev/full"}, {"echo", "hi"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "ok");
  CHECK(run.stdout_bytes() == "hi\n");
  CHECK(run.document.at("warnings").size() == 1);
}

TEST_CASE("events: destinations that cannot be written are refused") {
  for (const char* destination : {"fd:77", "fd:0", "/nonexistent/events"}) {
    const Run run = run_target({"--events", destination}, {"true"});
    INFO(run.describe());
    CHECK(run.exit_status == 125);
    CHECK(contains(run.err, "io.result"));
  }
  expect_usage_error(run_sandbox({"run", "--events", "fd:x", "true"}), {"--events", "fd:x"});
}
