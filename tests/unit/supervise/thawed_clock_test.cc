#include "supervise/thawed_clock.h"

#include <doctest/doctest.h>

using sb::supervise::ThawedClock;

TEST_CASE("thawed clock: shows CLOCK_MONOTONIC until it is frozen") {
  const ThawedClock clock;
  CHECK(clock.at(1000) == 1000);
  CHECK(clock.when(1500) == 1500);
  CHECK_FALSE(clock.stands());
}

TEST_CASE("thawed clock: stands still while frozen and goes on from there") {
  ThawedClock clock;
  clock.freeze(1000);
  CHECK(clock.stands());
  CHECK(clock.at(1000) == 1000);
  CHECK(clock.at(5000) == 1000);
  CHECK(clock.when(1500) == 0);
  clock.thaw(6000, 0);
  CHECK(clock.at(6000) == 1000);
  CHECK(clock.at(6400) == 1400);
  CHECK(clock.when(1500) == 6500);
  clock.freeze(6450);
  clock.thaw(8450, 0);
  CHECK(clock.at(8450) == 1450);
  CHECK(clock.when(1500) == 8500);
}

TEST_CASE("thawed clock: an end before the freeze keeps its time") {
  ThawedClock clock;
  clock.freeze(1000);
  CHECK(clock.at(900) == 900);
}

TEST_CASE("thawed clock: what ended while frozen ended when the clock stood") {
  ThawedClock clock;
  clock.freeze(1000);
  clock.thaw(5000, 0);
  CHECK(clock.at(3000) == 1000);
  CHECK(clock.at(900) == 900);
  CHECK(clock.at(5001) == 1001);
}

TEST_CASE("thawed clock: CPU time that was used meanwhile counts") {
  ThawedClock clock;
  clock.freeze(1000);
  clock.thaw(2000, 300);
  CHECK(clock.at(2000) == 1300);
  clock.freeze(3000);
  clock.thaw(4000, 9000);
  CHECK(clock.at(4000) == 3300);
}

TEST_CASE("thawed clock: a thaw without a freeze changes nothing") {
  ThawedClock clock;
  clock.thaw(2000, 0);
  CHECK(clock.at(2000) == 2000);
}
