#include "result/playground.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/result/documents.h"
#include "unit/result/playback.h"

namespace {

using namespace sb::result;
using sbtest::framed;

Outcome written(std::string_view out, std::string_view err, std::vector<OutputChunk> timeline) {
  Outcome outcome = sbtest::finished_outcome();
  outcome.out.data = sb::Bytes(out);
  outcome.err.data = sb::Bytes(err);
  outcome.timeline = std::move(timeline);
  return outcome;
}

std::string answer(const Outcome& outcome, bool is_test = false) {
  std::string json;
  const auto sink = [&json](std::string_view part) -> sb::Result<sb::Done> {
    json += part;
    return sb::Done{};
  };
  REQUIRE(write_playground(outcome, is_test, sink, false));
  return json;
}

// The events alone.
std::string events(const Outcome& outcome) {
  const std::string json = answer(outcome);
  const std::size_t start = json.find("\"Events\":") + 9;
  return json.substr(start, json.find(",\"Status\"") - start);
}

std::string event(const std::string& message, const std::string& kind, std::uint64_t delay) {
  return R"({"Message":")" + message + R"(","Kind":")" + kind + R"(","Delay":)" +
         std::to_string(delay) + "}";
}

constexpr bool is_out = false;
constexpr bool is_err = true;

}  // namespace

// Red: let EventWriter::end write time_ns in the place of the difference.
TEST_CASE("playground: delays are those since the event before") {
  CHECK(answer(written("", "", {})) ==
        R"({"Errors":"","Events":[],"Status":0,"IsTest":false,"TestsFailed":0})"
        "\n");
  CHECK(events(written("abc", "x", {{is_out, 5, 1}, {is_err, 7, 1}, {is_out, 7, 2}})) ==
        "[" + event("a", "stdout", 5) + "," + event("x", "stderr", 2) + "," +
            event("bc", "stdout", 0) + "]");
}

TEST_CASE("playground: text stays text and what is none is replaced byte by byte") {
  const std::string replacement = "\xEF\xBF\xBD";
  CHECK(events(written("\xC3\xA4", "", {{is_out, 1, 1}, {is_out, 4, 1}})) ==
        "[" + event("\xC3\xA4", "stdout", 4) + "]");
  CHECK(events(written("\xFF\xC3", "", {{is_out, 1, 1}, {is_out, 4, 1}})) ==
        "[" + event(replacement, "stdout", 1) + "," + event(replacement, "stdout", 3) + "]");
  CHECK(events(written("\xE2\x82x\xED\xA0\x80", "", {{is_out, 0, 6}})) ==
        "[" +
            event(replacement + replacement + "x" + replacement + replacement + replacement,
                  "stdout", 0) +
            "]");
}

// What TestDecode of the Playground's own tests has, and the rules of its decoder beside it.
// Red: let write_playback take stdout first at equal times.
TEST_CASE("playground: playback headers are decoded and merged as the Playground does") {
  constexpr std::uint64_t second = 1'000'000'000;
  const std::string out = "head" + framed(0, "one") + framed(0, "two") +
                          framed(2 * second - 1, "four") + "middle" + framed(3 * second, "seven") +
                          "tail";
  const std::string err =
      framed(second, "three") + framed(2 * second, "five") + framed(2 * second, "six");
  CHECK(events(written(out, err, {{is_out, 77, out.size()}, {is_err, 78, err.size()}})) ==
        "[" + event("headonetwo", "stdout", 0) + "," + event("three", "stderr", second) + "," +
            event("fourmiddle", "stdout", second - 1) + "," + event("fivesix", "stderr", 1) + "," +
            event("seventail", "stdout", second) + "]");
  CHECK(events(written(framed(5, "o"), framed(5, "e"), {})) ==
        "[" + event("e", "stderr", 5) + "," + event("o", "stdout", 0) + "]");
  CHECK(events(written(framed(5, "o"), "plain", {{is_err, 9, 5}})) ==
        "[" + event("plain", "stderr", 0) + "," + event("o", "stdout", 5) + "]");
  CHECK(events(written(framed(5, "") + framed(6, "\xC3") + framed(6, "\xA4"), "", {})) ==
        "[" + event("", "stdout", 5) + "," + event("\xC3\xA4", "stdout", 1) + "]");
}

TEST_CASE("playground: a header that is cut is an error and what came before it stays") {
  const std::string json = answer(written(framed(1, "a") + framed(2, "b").substr(0, 10), "", {}));
  CHECK(json.starts_with(R"({"Errors":"error decoding events: short header",)"));
  CHECK(json.find(event("a", "stdout", 1)) != std::string::npos);
  CHECK(json.find("PB") == std::string::npos);
}

TEST_CASE("playground: why a run was stopped") {
  using enum Status;
  for (const Status status : {wall_time_limit, cpu_time_limit, virtual_time_limit}) {
    const std::string json = answer(sbtest::limited_outcome(status, "wall_time"));
    CHECK(json.starts_with(R"({"Errors":"timeout running program",)"));
    CHECK(json.find("\"Status\":124") != std::string::npos);
  }
  CHECK(answer(sbtest::limited_outcome(output_limit, "output"))
            .starts_with(R"({"Errors":"Output too large",)"));
  for (const Status status : {memory_limit, syscall_violation, deadlock, cancelled}) {
    CHECK(answer(sbtest::limited_outcome(status, "memory"))
              .starts_with(R"({"Errors":"used more than it may",)"));
  }
  CHECK(answer(sbtest::failed_outcome()).find("\"Errors\":\"starting") != std::string::npos);
  Outcome truncated = written("a", "", {{is_out, 1, 1}});
  truncated.out.truncated = true;
  CHECK(answer(truncated).starts_with(R"({"Errors":"Output too large","Events":[{"Message":"a")"));
  Outcome died = sbtest::finished_outcome();
  died.status = signaled;
  died.exit_code.reset();
  died.signal = 11;
  CHECK(answer(died).starts_with(R"({"Errors":"",)"));
  CHECK(answer(died).find("\"Status\":139") != std::string::npos);
}

// Red: let FailureCounter begin anew at every mismatch.
TEST_CASE("playground: failed tests are counted where tests are shown") {
  const std::string text = "--- FAIL: a\n----- FAIL: b\n--- PASS\n--- FAI\n-- FAIL";
  const Outcome outcome = written(text, "--- FAIL", {{is_out, 1, text.size()}, {is_err, 2, 8}});
  CHECK(answer(outcome, true).find(R"("IsTest":true,"TestsFailed":3)") != std::string::npos);
  CHECK(answer(outcome).find(R"("IsTest":false,"TestsFailed":0)") != std::string::npos);
}
