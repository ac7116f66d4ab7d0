#include "result/output_events.h"

#include "result/events.h"
#include "unit/result/playback.h"
#undef CHECK
#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace sb::result;

namespace {

using Lines = std::vector<std::string>;

OutputEvents::Take into(Lines& lines) {
  return [&lines](std::string_view line) { lines.emplace_back(line); };
}

}  // namespace

// Red: leave `joins_ ||` out of OutputEvents::taker.
TEST_CASE("output events: one instant of a clock that stands is one line") {
  OutputEvents events(true);
  Lines lines;
  events.add(false, 5, "a", into(lines));
  events.add(false, 5, "b", into(lines));
  CHECK(lines.empty());
  CHECK(events.held_ns() == 5);
  events.add(true, 5, "c", into(lines));
  events.add(false, 5, "d\xe2\x82", into(lines));
  events.add(false, 7, "\xac", into(lines));
  CHECK(events.held_ns() == 7);
  events.flush(into(lines));
  events.flush(into(lines));
  CHECK_FALSE(events.held_ns());
  CHECK(lines == Lines{output_event(5, "stdout", "ab"), output_event(5, "stderr", "c"),
                       output_event(5, "stdout", "d"), output_event(7, "stdout", "\xe2\x82\xac")});
}

TEST_CASE("output events: what a real clock times is told as it comes") {
  OutputEvents events(false);
  Lines lines;
  events.add(false, 5, "a", into(lines));
  events.add(false, 5, "b", into(lines));
  CHECK(lines == Lines{output_event(5, "stdout", "a"), output_event(5, "stdout", "b")});
  CHECK_FALSE(events.held_ns());
}

// Red: let OutputEvents::taker join with time_ns in the place of own_ns.
TEST_CASE("output events: playback headers are joined by the times that they tell") {
  OutputEvents events(false);
  Lines lines;
  events.add(false, 100, sbtest::framed(1, "a"), into(lines));
  events.add(false, 200, sbtest::framed(1, "b"), into(lines));
  events.add(false, 300, sbtest::framed(2, "c"), into(lines));
  events.add(true, 400, "plain", into(lines));
  events.end(false, 500, into(lines));
  CHECK(lines == Lines{output_event(1, "stdout", "ab"), output_event(2, "stdout", "c"),
                       output_event(400, "stderr", "plain")});
}

// Red: `held_.substr(0, size)` in OutputEvents::join with largest_piece for size.
TEST_CASE("output events: lines are bounded and end at the same bytes however they were read") {
  std::string text;
  while (text.size() < 100'000) {
    text += "a\xe2\x82\xac";
  }
  Lines first;
  for (const std::size_t step : {1UL, 7UL, 16'384UL, 100'000UL}) {
    INFO(step);
    OutputEvents events(true);
    Lines lines;
    for (std::size_t at = 0; at < text.size(); at += step) {
      events.add(false, 1, std::string_view(text).substr(at, step), into(lines));
    }
    events.flush(into(lines));
    CHECK(lines.size() == 7);
    CHECK(lines.front().size() < 16'384 + 100);
    CHECK(lines.front().find("utf-8") != std::string::npos);
    first = first.empty() ? lines : first;
    CHECK((lines == first));
  }
}
