// --format playground: what was written with the delays between, and the times that Go programs
// built with -tags=faketime tell themselves, there and in the events.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include "harness.h"

using namespace sbtest;

namespace {

// One line an event: "stdout 2000000000 text".
std::string shown(const Document& answer, bool delays) {
  std::string text;
  for (std::size_t i = 0; i < answer.at("Events").size(); ++i) {
    const std::string at = "Events." + std::to_string(i) + ".";
    text += answer.at(at + "Kind").text() + " ";
    text += delays ? std::to_string(answer.at(at + "Delay").integer()) + " " : "";
    text += answer.at(at + "Message").text() + "\n";
  }
  return text;
}

void expect_valid(const std::string& text) {
  const TempDirectory folder;
  folder.write("answer.json", text);
  const std::string command = "/usr/bin/python3 " SANDBOX_SOURCE_DIR "/tests/schema/validate.py " +
                              folder.path() +
                              " " SANDBOX_SOURCE_DIR "/packaging/playground.schema.json >&2";
  const int status = std::system(command.c_str());
  CHECK(WIFEXITED(status));
  CHECK((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}

Run answered(Words options, const Words& command, const Options& how = {}) {
  const TempDirectory directory;
  const std::string file = directory.path() + "/answer";
  options.insert(options.end(), {"--format", "playground", "--result", file});
  Run run = run_target(options, command, how);
  INFO(run.describe());
  run.out = read_file(file);
  run.document = Document::parse(run.out);
  REQUIRE(run.document.is_present());
  expect_valid(run.out);
  return run;
}

}  // namespace

// Red: leave has_timeline_ out of Supervisor::add_events.
TEST_CASE("playground: the order of the streams and the time between") {
  const Run run =
      answered({}, {"sh", "-c", "echo one; sleep 0.4; echo oops >&2; sleep 0.4; echo two; exit 3"});
  INFO(run.describe());
  CHECK(run.exit_status == 3);
  CHECK(run.document.at("Errors").text().empty());
  CHECK(run.document.at("Status").integer() == 3);
  CHECK(shown(run.document, false) == "stdout one\n\nstderr oops\n\nstdout two\n\n");
  // Why the sums: what is written is read some time later, but never before.
  const double first = run.document.at("Events.0.Delay").number();
  const double second = first + run.document.at("Events.1.Delay").number();
  CHECK(second >= 0.4e9);
  CHECK(second + run.document.at("Events.2.Delay").number() >= 0.8e9);
}

TEST_CASE("playground: large output is whole and text stays text") {
  std::string text;
  while (text.size() < 3'000'000) {
    text += "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n";
  }
  Options options;
  options.input = text;
  const Run run = answered({}, {"cat"}, options);
  std::string joined;
  for (std::size_t i = 0; i < run.document.at("Events").size(); ++i) {
    joined += run.document.at("Events." + std::to_string(i) + ".Message").text();
  }
  CHECK((joined == text));
}

TEST_CASE("playground: a program that writes byte by byte has a bounded answer") {
  const Run run = answered({}, {"dd", "if=/dev/zero", "bs=1", "count=150000", "status=none"});
  CHECK(run.exit_status == 0);
  CHECK(run.document.at("Events").size() < 65'536);
  CHECK(run.out.size() < 10'000'000);
}

TEST_CASE("playground: why a run was stopped") {
  Run run = answered({"--wall-time", "1s"}, {"sh", "-c", "echo waiting; sleep 60"});
  CHECK(run.exit_status == 124);
  CHECK(run.document.at("Errors").text() == "timeout running program");
  CHECK(run.document.at("Status").integer() == 124);
  CHECK(shown(run.document, false) == "stdout waiting\n\n");
  run = answered({"--output", "100"}, {probe("flood"), "1", "1000"});
  CHECK(run.document.at("Errors").text() == "Output too large");
  CHECK(run.document.at("Events.0.Message").text() == std::string(100, 'y'));
  run = answered({}, {probe("violate"), "main"});
  CHECK(run.exit_status == 159);
  CHECK_FALSE(run.document.at("Errors").text().empty());
  run = answered({}, {"./absent"});
  CHECK(contains(run.document.at("Errors").text(), "program.not_found"));
  CHECK(run.document.at("Status").integer() == 127);
}

// Red: leave check_captured out of read_run_options.
TEST_CASE("playground: without the output there is no answer") {
  expect_usage_error(run_sandbox({"run", "--format", "playground", "--pass", "true"}),
                     {"--format playground", "--pass"});
  expect_usage_error(run_sandbox({"run", "--format", "playground", "--stdout", "x", "true"}),
                     {"--format playground"});
  expect_usage_error(run_sandbox({"run", "--format", "playground", "--stderr", "x", "true"}),
                     {"--format playground"});
}

// Red: let PlaybackDecoder::begin_frame keep the time it has.
TEST_CASE("playground: playback headers give the times") {
  const Run run = answered({}, {probe("playback"), "t=head ", "o0=one ", "o0=two", "e1=three",
                                "e2=five", "o1=four", "e2=six", "t=tail"});
  CHECK(shown(run.document, true) ==
        "stdout 0 head one two\n"
        "stderr 1000000000 three\n"
        "stdout 0 fourtail\n"
        "stderr 1000000000 fivesix\n");
  const Run cut = answered({}, {probe("playback"), "o1=one", "c"});
  CHECK(cut.document.at("Errors").text() == "error decoding events: short header");
  CHECK(shown(cut.document, true) == "stdout 1000000000 one\n");
}

// Red: let teller() of supervise/events.cc tell time_ns alone.
TEST_CASE("playground: events take playback headers out and the result keeps them") {
  const TempDirectory directory;
  const std::string file = directory.path() + "/events";
  const Run run = run_target({"--events", file},
                             {probe("playback"), "o1=one", "s100", "o3600=two", "u=plain", "e7=x"});
  expect_ok(run);
  CHECK(run.stdout_bytes().size() == 2 * 16 + 6);
  const std::string events = read_file(file);
  INFO(events);
  CHECK(contains(events, R"({"event":"stdout","time_ns":1000000000,"data":"one")"));
  CHECK(contains(events, R"({"event":"stdout","time_ns":3600000000000,"data":"two")"));
  CHECK_FALSE(contains(events, R"("time_ns":7000000000)"));  // stderr does not begin with a header
}

// Why not among the ordinary tests: the standard library is compiled anew for it, which takes many
// seconds. By hand: integration_tests --no-skip -tc='*faketime*'.
TEST_CASE("playground: a Go program with faketime" * doctest::skip()) {
  require("go");
  const TempDirectory directory;
  directory.write("main.go", R"go(package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	fmt.Println(time.Now().UTC())
	time.Sleep(time.Hour)
	fmt.Fprintln(os.Stderr, "an hour")
	time.Sleep(2 * time.Second)
	fmt.Print("end")
}
)go");
  const std::string build = "cd " + directory.path() +
                            " && env HOME=$PWD GOCACHE=$PWD/cache GOPATH=$PWD/path "
                            "GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 "
                            "go build -tags=faketime -o prog main.go >&2";
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
  REQUIRE(std::system(build.c_str()) == 0);
  Options options;
  options.directory = directory.path();
  const Run run = answered({"--profile", "go"}, {"./prog"}, options);
  CHECK(run.document.at("Errors").text().empty());
  CHECK(shown(run.document, true) ==
        "stdout 0 2009-11-10 23:00:00 +0000 UTC\n\n"
        "stderr 3600000000000 an hour\n\n"
        "stdout 2000000000 end\n");
}
