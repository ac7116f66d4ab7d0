#include "intercept/clock.h"

#include <ctime>

#include "intercept/clock_reads.h"
#include "policy/value_parsers.h"

#undef CHECK
#include <doctest/doctest.h>

using namespace sb;
using intercept::Clock;
using intercept::never;
using intercept::second_ns;
using intercept::to_ns;

// Red: to_ns() without its first condition.
TEST_CASE("virtual clock: times of the target are what the kernel would take") {
  CHECK(to_ns(0, 0, 1'000'000'000) == 0);
  CHECK(to_ns(1, 999'999'999, 1'000'000'000) == 1'999'999'999);
  CHECK(to_ns(2, 5, 1'000'000) == 2'000'005'000);
  CHECK_FALSE(to_ns(-1, 0, 1'000'000'000));
  CHECK_FALSE(to_ns(0, -1, 1'000'000'000));
  CHECK_FALSE(to_ns(0, 1'000'000'000, 1'000'000'000));
  CHECK(to_ns(INT64_MAX, 0, 1'000'000'000) == never);
  CHECK(to_ns(1LL << 34, 0, 1'000'000'000) == never);
}

// Red: after() without its comparison.
TEST_CASE("virtual clock: no sum overflows and what is out of reach never comes") {
  Clock clock(1'257'894'000 * second_ns);
  CHECK(clock.after(5) == 5);
  CHECK(clock.after(never) == never);
  clock.move_to(Clock::most_ns - 10);
  CHECK(clock.after(10) == Clock::most_ns);
  CHECK(clock.after(11) == never);
  CHECK(clock.real() > 1'257'894'000 * second_ns);
  clock.move_to(5);
  CHECK(clock.elapsed() == Clock::most_ns - 10);
}

TEST_CASE("virtual clock: readings and deadlines by each clock") {
  Clock clock(1000 * second_ns + 7);
  CHECK(clock.reading(CLOCK_REALTIME) == 1000 * second_ns + 7);
  CHECK(clock.reading(CLOCK_MONOTONIC) == Clock::first_monotonic_ns);
  clock.move_to(3 * second_ns);
  CHECK(clock.reading(CLOCK_TAI) == 1003 * second_ns + 7);
  CHECK(clock.reading(CLOCK_BOOTTIME) == 1003 * second_ns);
  CHECK(clock.when(CLOCK_MONOTONIC, 1004 * second_ns) == 4 * second_ns);
  CHECK(clock.when(CLOCK_MONOTONIC, 1) == 3 * second_ns);
  CHECK(clock.when(CLOCK_REALTIME, never) == never);
  CHECK(clock.left(2 * second_ns) == 0);
  CHECK(clock.left(5 * second_ns) == 2 * second_ns);
  CHECK_FALSE(Clock::is_virtual(CLOCK_PROCESS_CPUTIME_ID));
  CHECK_FALSE(Clock::is_virtual(-6));
  CHECK(Clock::is_virtual(CLOCK_MONOTONIC_RAW));
}

// Red: waits_for_clock() with free_calls as free_readings.
TEST_CASE("virtual clock: readings are free up to a bound and then wait for a step") {
  intercept::ClockReads reads;
  Clock clock(0);
  for (std::uint64_t i = 0; i < intercept::ClockReads::free_calls; ++i) {
    REQUIRE_FALSE(reads.waits_for_clock(true, clock));
  }
  CHECK(reads.waits_for_clock(true, clock));
  CHECK(reads.is_spinning());
  CHECK(reads.step_ns(clock) == 1000);
  clock.move_to(second_ns);
  CHECK(reads.step_ns(clock) == second_ns / 256 / 1000 * 1000);
  clock.move_to(1000 * second_ns);
  CHECK(reads.step_ns(clock) == 10'000'000);
  reads.moved(false);
  CHECK_FALSE(reads.waits_for_clock(true, clock));
  CHECK(reads.waits_for_clock(false, clock));
}

// Red: parse_day() without date.ok().
TEST_CASE("virtual clock: the start is a time of day in UTC") {
  using policy::format_time;
  using policy::parse_time_ns;
  CHECK(parse_time_ns("1970-01-01") == 0);
  CHECK(parse_time_ns("2009-11-10T23:00:00Z") == 1'257'894'000 * second_ns);
  CHECK(parse_time_ns("2009-11-10T23:00:00.000000001Z") == 1'257'894'000 * second_ns + 1);
  for (const char* text : {"2009-11-10T23:00:00Z", "2024-02-29T00:00:00Z", "2199-12-31T23:59:59Z",
                           "2009-11-10T23:00:00.500000000Z"}) {
    CHECK(format_time(parse_time_ns(text).value_or(1)) == text);
  }
  for (const char* text : {"",
                           "now",
                           "2009",
                           "2009-11",
                           "2009-11-1",
                           "2009-02-29",
                           "2009-13-01",
                           "1969-12-31",
                           "2200-01-01",
                           "2009-11-10T",
                           "2009-11-10Z",
                           "2009-11-10T23:00Z",
                           "2009-11-10T23:00:00",
                           "2009-11-10T24:00:00Z",
                           "2009-11-10T23:60:00Z",
                           "2009-11-10T23:00:00.Z",
                           "2009-11-10T23:00:00.1234567890Z",
                           "2009-11-10 23:00:00Z",
                           "+009-11-10",
                           "2009-11-10T23:00:00Z "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time_ns(text));
  }
}
