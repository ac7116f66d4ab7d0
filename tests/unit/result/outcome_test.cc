#include "result/outcome.h"

#include <array>
#include <utility>

#include <doctest/doctest.h>

#include "result/text.h"
#include "result/utf8.h"
#include "unit/result/documents.h"

using namespace sb;
using namespace sb::result;

TEST_CASE("outcome: exit statuses are those of the contract") {
  using enum Status;
  constexpr std::array statuses = {
      std::pair{wall_time_limit, 124}, std::pair{cpu_time_limit, 124},
      std::pair{deadlock, 124},        std::pair{virtual_time_limit, 124},
      std::pair{memory_limit, 137},    std::pair{output_limit, 153},
      std::pair{file_size_limit, 153}, std::pair{syscall_violation, 159},
      std::pair{cancelled, 143},
  };
  for (const auto& [status, expected] : statuses) {
    Outcome outcome;
    outcome.status = status;
    outcome.exit_code = 7;  // whatever the program returned does not count
    CHECK(exit_status(outcome) == expected);
  }
}

TEST_CASE("outcome: p25 the own code of the target passes and a signal is 128 more") {
  Outcome outcome;
  outcome.status = Status::ok;
  outcome.exit_code = 0;
  CHECK(exit_status(outcome) == 0);
  outcome.status = Status::exited;
  for (const int code : {1, 2, 125, 126, 127, 137, 255}) {
    outcome.exit_code = code;
    CHECK(exit_status(outcome) == code);
  }
  outcome.status = Status::signaled;
  outcome.exit_code.reset();
  outcome.signal = 11;
  CHECK(exit_status(outcome) == 139);
}

TEST_CASE("outcome: an error has the exit status of its tag") {
  Outcome outcome;
  CHECK(exit_status(outcome) == 125);
  for (const TagInfo& info : all_tags()) {
    outcome.error = Error(info.tag, "doing");
    CHECK(exit_status(outcome) == info.exit_code);
  }
}

TEST_CASE("outcome: signals have their usual names") {
  CHECK(signal_name(9) == "SIGKILL");
  CHECK(signal_name(25) == "SIGXFSZ");
  CHECK(signal_name(34) == "SIG34");
}

namespace {

template <class Writer>
std::string written(Writer writer, const Outcome& outcome) {
  std::string text;
  REQUIRE(writer(outcome, [&](std::string_view bytes) -> Result<Done> {
    text += bytes;
    return Done{};
  }));
  return text;
}

}  // namespace

TEST_CASE("isolate: a good run") {
  CHECK(written(write_isolate, sbtest::finished_outcome()) ==
        "exitcode:0\ntime:2.003\ntime-wall:2.011\nmax-rss:1768\ncg-mem:3360\n");
}

TEST_CASE("isolate: statuses") {
  const auto starts = [](const Outcome& outcome, std::string_view expected) {
    CHECK(written(write_isolate, outcome).substr(0, expected.size()) == expected);
  };
  Outcome outcome = sbtest::finished_outcome();
  outcome.status = Status::exited;
  outcome.exit_code = 3;
  starts(outcome, "exitcode:3\nstatus:RE\nmessage:Exited with error status 3\n");
  starts(sbtest::limited_outcome(Status::wall_time_limit, "wall_time"),
         "killed:1\nstatus:TO\nmessage:used more than it may\ntime:");
  starts(sbtest::limited_outcome(Status::memory_limit, "memory"),
         "exitsig:9\nkilled:1\ncg-oom-killed:1\nstatus:SG\n");
  starts(sbtest::limited_outcome(Status::file_size_limit, "file_size"), "exitsig:25\nstatus:SG\n");
  outcome = sbtest::limited_outcome(Status::signaled, "");
  outcome.signal = 11;
  starts(outcome, "exitsig:11\nstatus:SG\n");
  CHECK(
      written(write_isolate, sbtest::failed_outcome()).starts_with("status:XX\nmessage:starting"));
}

TEST_CASE("text: a few lines without control characters") {
  Outcome outcome = sbtest::limited_outcome(Status::cpu_time_limit, "cpu_time");
  outcome.out.data = sb::Bytes("one\n\x1b[31mtwo");
  outcome.out.bytes = outcome.out.data.size();
  CHECK(written(write_text, outcome) ==
        "status     cpu_time_limit: used more than it may\n"
        "time       2.011 s by the clock, 2.003 s of CPU\n"
        "memory     3.3 MiB at most of 512 MiB\n"
        "processes  1 at most of 64\n"
        "stdout     12 bytes\n"
        "  one\n"
        "  \\x1B[31mtwo\n");
}

TEST_CASE("text: an end of its own is told once") {
  Outcome outcome = sbtest::finished_outcome();
  outcome.status = Status::exited;
  outcome.exit_code = 3;
  outcome.reason = "exited with 3";
  CHECK(written(write_text, outcome).starts_with("status     exited with code 3\n"));
}

TEST_CASE("utf8: what is shown on one line") {
  CHECK(visible("a\nb\tc\x7f") == "a\\x0Ab\\x09c\\x7F");
  CHECK(visible("\xC3\xA9\xC2\x9B\xFF\xE2\x82") == "\xC3\xA9\\xC2\\x9B\\xFF\\xE2\\x82");
}
