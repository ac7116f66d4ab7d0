// sandbox replay: what was recorded is played with its delays, and commands no terminal.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "terminal.h"

using namespace sbtest;

namespace {

std::string event(const std::string& kind, const std::string& time_ns, const std::string& data) {
  return R"({"event":")" + kind + R"(","time_ns":)" + time_ns + R"(,"data":")" + data +
         R"(","encoding":"utf-8"})" + "\n";
}

Run replayed(const std::string& text, Words options = {}) {
  Options how;
  how.input = text;
  options.insert(options.begin(), "replay");
  options.push_back("-");
  return run_sandbox(options, how);
}

// What a terminal gets that is stdout and stderr.
std::string on_terminal(const std::string& text, Words options = {}) {
  const TempDirectory directory;
  const std::string file = directory.write("recording", text);
  const Terminal terminal;
  Options how;
  how.fds = {{1, terminal.slave}, {2, terminal.slave}};
  options.insert(options.begin(), {"replay", file});
  const Run run = run_sandbox(options, how);
  CHECK(run.exit_status == 0);
  char shown[4096];
  const ssize_t size = read(terminal.master, shown, sizeof shown);
  return std::string(shown, size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace

TEST_CASE("replay: events of a run and its answer play what it wrote") {
  const TempDirectory directory;
  const std::string events = directory.path() + "/events";
  const std::string answer = directory.path() + "/answer";
  const Words program = {"sh", "-c", "echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three"};
  run_target({"--events", events, "--format", "playground", "--result", answer}, program);
  for (const std::string& file : {events, answer}) {
    const Run run = run_sandbox({"replay", file});
    INFO(run.describe());
    CHECK(run.exit_status == 0);
    CHECK(run.out == "one\nthree\n");
    CHECK(run.err == "two\n");
    CHECK(run.elapsed_s >= 0.4);
    const Run fast = run_sandbox({"replay", file, "--max-delay", "0"});
    CHECK(fast.out == run.out);
  }
  const Run cast =
      run_sandbox({"replay", "--asciicast", "-", "--no-color", "--speed", "2", events});
  const std::vector<std::string> lines = lines_of(cast.out);
  INFO(cast.describe());
  REQUIRE(lines.size() == 4);
  CHECK(contains(lines[0], "\"version\": 2"));
  CHECK(contains(lines[0], "\"timestamp\": "));
  CHECK(contains(lines[2], "\"o\", \"two\\r\\n\"]"));
  const std::string file = directory.path() + "/cast";
  CHECK(run_sandbox({"replay", "--asciicast", file, events}).exit_status == 0);
  CHECK(lines_of(read_file(file)).size() == 4);
}

// Red: let wait_until() of replay/player.cc sleep for each delay from now on.
TEST_CASE("replay: delays add up without drift") {
  std::string text;
  for (int i = 1; i <= 200; ++i) {
    text += event("stdout", std::to_string(i) + "000000", "x");
  }
  const Run run = replayed(text);
  CHECK(run.out == std::string(200, 'x'));
  CHECK(run.elapsed_s >= 0.2);
  CHECK(run.elapsed_s < 10);
}

TEST_CASE("replay: no delay is longer than may be") {
  const std::string text =
      event("stdout", "3600000000000", "a") + event("stdout", "18446744073709551615", "b");
  for (const Words& options : {Words{"--max-delay", "100ms"}, Words{"--max-delay", "0"}}) {
    const Run run = replayed(text, options);
    CHECK(run.exit_status == 0);
    CHECK(run.out == "ab");
  }
}

TEST_CASE("replay: bytes are exact where there is no terminal") {
  const Run run = replayed(event("stdout", "1", "\\u001b[2J\\u0000\\u0007") +
                           R"({"event":"stderr","time_ns":2,"data":"//4=","encoding":"base64"})");
  CHECK(run.exit_status == 0);
  CHECK((run.out == std::string("\x1B[2J\0\x07", 6)));
  CHECK(run.err == "\xFF\xFE");
}

// Red: let Stream of replay/player.cc take is_safe from look.raw alone turned round.
TEST_CASE("replay: a recording does not command the terminal unless it may") {
  const std::string text = event("stdout", "1", "a\\u001b]0;evil\\u0007\\u001b[32mgreen") +
                           event("stderr", "2", "oops\\n");
  CHECK(on_terminal(text) ==
        "a\\x1B]0;evil\\x07\x1B[32mgreen\x1B[31moops\r\n\x1B[0m\x1B[0m\x1B[0m");
  CHECK(on_terminal(text, {"--no-color"}) == "a\\x1B]0;evil\\x07greenoops\r\n\x1B[0m\x1B[0m");
  CHECK(contains(on_terminal(text, {"--raw"}), "a\x1B]0;evil\x07"));
}

TEST_CASE("replay: a fault is told with its place after what came before it") {
  const Run cut = replayed(event("stdout", "1", "kept") + R"({"event":"std)");
  CHECK(cut.exit_status == 2);
  CHECK(cut.out == "kept");
  CHECK(lines_of(cut.err).size() == 1);
  CHECK(contains(cut.err, "stdin:2:14: "));
  for (const char* number : {"-1", "1e300"}) {
    const Run run = replayed(event("stdout", "1", "a") + event("stdout", number, "b"));
    CHECK(run.exit_status == 2);
    CHECK(run.out == "a");
    CHECK(contains(run.err, "stdin:2:29: "));
  }
  for (const std::string& text : {std::string(),
                                  std::string("\x7F"
                                              "ELF\0\0",
                                              6),
                                  std::string(1 << 20, '{'), std::string("{}")}) {
    const Run run = replayed(text);
    CHECK(run.exit_status == 2);
    CHECK(lines_of(run.err).size() == 1);
    CHECK(run.err.size() < 300);
  }
  const Run absent = run_sandbox({"replay", "/nonexistent"});
  CHECK(absent.exit_status == 2);
  CHECK(contains(absent.err, "/nonexistent"));
}

TEST_CASE("replay: why a run was stopped is told at the end") {
  const Run run = replayed(R"({"Errors":"timeout running program","Events":)"
                           R"([{"Message":"a","Kind":"stdout","Delay":0}]})");
  CHECK(run.exit_status == 0);
  CHECK(run.out == "a");
  CHECK(run.err == "\ntimeout running program\n");
}

TEST_CASE("replay: a signal ends it at once") {
  const TempDirectory directory;
  const std::string file = directory.write(
      "events", event("stdout", "0", "first\\n") + event("stdout", "3600000000000", "never"));
  Running running({"replay", file});
  running.wait_for_output("first\n");
  running.send_signal(SIGTERM);
  const Run run = running.finish();
  CHECK(run.exit_status == 143);
  CHECK(run.out == "first\n");
  CHECK(run.elapsed_s < 10 * slow());
}

TEST_CASE("replay: wrong use is one line") {
  expect_usage_error(run_sandbox({"replay"}), {"no recording"});
  expect_usage_error(run_sandbox({"replay", "a", "b"}), {"one file"});
  expect_usage_error(run_sandbox({"replay", "a", "--speed", "0"}), {"--speed"});
  expect_usage_error(run_sandbox({"replay", "--speed", "-1", "a"}), {"--speed"});
  expect_usage_error(run_sandbox({"replay", "--max-delay", "soon", "a"}), {"--max-delay"});
  expect_usage_error(run_sandbox({"replay", "a", "--sped", "2"}), {"--speed"});
}
