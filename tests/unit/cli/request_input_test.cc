#include "cli/request_input.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.h"
#include "sys/files.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace {

using namespace sb;
using namespace sb::cli;
using Words = std::vector<std::string>;

// Stdin as it was, at the end of the test.
class StdinGuard {
 public:
  StdinGuard() : saved_(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) {}
  ~StdinGuard() {
    if (saved_.valid()) {
      (void)::dup2(saved_.number(), STDIN_FILENO);
    }
  }
  StdinGuard(const StdinGuard&) = delete;
  StdinGuard& operator=(const StdinGuard&) = delete;

 private:
  sys::Fd saved_;
};

// The options of `run --request FILE WORDS`, FILE holding `text`.
Result<RunOptions> options_of(const std::string& text, const Words& words,
                              const Caller& caller = {"/home/caller", {}, {}}) {
  std::string path = std::filesystem::temp_directory_path() / "sbtest.XXXXXX";
  const sys::Fd file(::mkstemp(path.data()));
  REQUIRE(sys::write_all(file.ref(), text) == 0);
  Words all = {"--request", path};
  all.insert(all.end(), words.begin(), words.end());
  Result<RunOptions> options = parse_run(all, caller);
  std::filesystem::remove(path);
  return options;
}

RunOptions parsed(const std::string& text, const Words& words = {}, const Caller& caller = {}) {
  Result<RunOptions> options = options_of(text, words, caller);
  REQUIRE_MESSAGE(options, (options ? "" : options.error().to_line()));
  return *std::move(options);
}

}  // namespace

// Red: put back an empty text.
TEST_CASE("request: what stdin held can be read again") {
  const StdinGuard guard;
  const std::string text = R"({"command": ["true"], "stdin": "x"})";
  const sys::Fd first = *sys::sealed_memfd_of("first", text, Tag::internal);
  REQUIRE(::dup2(first.number(), STDIN_FILENO) == STDIN_FILENO);
  for (int i = 0; i < 3; ++i) {
    const Result<GivenRequest> given = read_given_request("-");
    REQUIRE(given);
    CHECK(given->text == text);
    CHECK(given->document.command == Words{"true"});
    REQUIRE(put_back_on_stdin(given->text));
  }
}

TEST_CASE("request: a pipe that does not block is read to its end") {
  const StdinGuard guard;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  sys::Fd reader(ends[0]);
  sys::Fd writer(ends[1]);
  REQUIRE(::dup2(reader.number(), STDIN_FILENO) == STDIN_FILENO);
  const pid_t child = ::fork();
  if (child == 0) {
    // Nothing is there yet when the parent reads first.
    for (const char* part : {"{\"command\"", ": [\"a\"]", "}"}) {
      pollfd nothing{-1, 0, 0};
      (void)::poll(&nothing, 1, 2);
      (void)sys::write_all(writer.ref(), part);
    }
    ::_exit(0);
  }
  writer.reset();
  const Result<GivenRequest> given = read_given_request("-");
  REQUIRE(given);
  CHECK(given->document.command == Words{"a"});
  CHECK(::waitpid(child, nullptr, 0) == child);
}

TEST_CASE("request: which of option and request and variable and default counts") {
  const Caller caller{"/", "strict", {}};
  CHECK(parsed(R"({"command": ["a"]})", {}, caller).steps.front().request.profile == "strict");
  CHECK(parsed(R"({"command": ["a"], "profile": "c"})", {}, caller).steps.front().request.profile ==
        "c");
  CHECK(parsed(R"({"command": ["a"], "profile": "c"})", {"--profile", "go"}, caller)
            .steps.front()
            .request.profile == "go");
  CHECK(parsed(R"({"command": ["a"]})").steps.front().request.profile == "default");

  const std::string streams = R"({"command": ["a"], "stdin": "in", "stdout": {"path": "o"},
                                  "stderr": "stdout"})";
  policy::Stdio stdio = parsed(streams).steps.front().request.stdio;
  CHECK(stdio.input == policy::InputKind::bytes);
  CHECK(stdio.output_path == "o");
  CHECK(stdio.error_to_output);
  stdio = parsed(streams, {"--stdin", "-", "--stdout", "x", "--stderr", "y"})
              .steps.front()
              .request.stdio;
  CHECK(stdio.input == policy::InputKind::caller);
  CHECK(stdio.output_path == "x");
  CHECK(stdio.error_path == "y");
  CHECK_FALSE(stdio.error_to_output);

  CHECK(parsed(R"({"command": ["a", "b"]})").steps.front().request.command == Words{"a", "b"});
  const RunOptions own = parsed(R"({"program": "Zg==", "args": ["b"]})", {"--", "c"});
  CHECK(own.steps.front().request.command == Words{"c"});
  CHECK(own.steps.front().request.program == nullptr);
}

// Red: let --pass switch off the limit that the request sets.
TEST_CASE("request: with pass its limit of output holds") {
  const auto gives_up = [](const RunOptions& options) {
    for (const policy::Override& given : options.steps.front().request.overrides) {
      if (given.key == "limits.output") {
        return true;
      }
    }
    return false;
  };
  CHECK(gives_up(parsed(R"({"command": ["a"]})", {"--pass"})));
  CHECK_FALSE(gives_up(parsed(R"({"command": ["a"], "limits": {"output": 5}})", {"--pass"})));
  CHECK(parsed(R"({"command": ["a"]})", {"--pass"}).steps.front().request.stdio.input ==
        policy::InputKind::null);
  CHECK(
      parsed(R"({"command": ["a"], "stdin": "x"})", {"--pass"}).steps.front().request.stdio.input ==
      policy::InputKind::bytes);
}

TEST_CASE("request: events must have somewhere to go") {
  CHECK_FALSE(options_of(R"({"command": ["a"], "events": true})", {}));
  CHECK(options_of(R"({"command": ["a"], "events": true})", {"--events", "e"}));
  CHECK(options_of(R"({"command": ["a"], "events": false})", {}));
}
