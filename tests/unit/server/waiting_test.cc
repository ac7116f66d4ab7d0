#include "server/waiting.h"

#include <vector>

#include <doctest/doctest.h>

using namespace sb::server;

namespace {

std::vector<std::uint64_t> all(Waiting& waiting) {
  std::vector<std::uint64_t> taken;
  while (const std::optional<std::uint64_t> job = waiting.take()) {
    taken.push_back(*job);
  }
  return taken;
}

}  // namespace

// Red: put a client that has more in front again.
TEST_CASE("serve waiting: clients take turns each clients jobs keep their order") {
  Waiting waiting(100);
  for (std::uint64_t job = 10; job < 15; ++job) {
    REQUIRE(waiting.add(1, job));
  }
  REQUIRE(waiting.add(2, 20));
  REQUIRE(waiting.add(3, 30));
  REQUIRE(waiting.add(2, 21));
  CHECK(waiting.size() == 8);
  CHECK(all(waiting) == std::vector<std::uint64_t>{10, 20, 30, 11, 21, 12, 13, 14});
  CHECK(waiting.size() == 0);
}

TEST_CASE("serve waiting: who comes late waits for one turn of the others not for all they have") {
  Waiting waiting(1000);
  for (std::uint64_t job = 0; job < 500; ++job) {
    REQUIRE(waiting.add(1, job));
  }
  CHECK(waiting.take() == 0);
  REQUIRE(waiting.add(2, 1000));
  CHECK(waiting.take() == 1);
  CHECK(waiting.take() == 1000);
}

TEST_CASE("serve waiting: the bound is of each client") {
  Waiting waiting(2);
  CHECK(waiting.add(1, 10));
  CHECK(waiting.add(1, 11));
  CHECK_FALSE(waiting.add(1, 12));
  CHECK(waiting.add(2, 20));
  CHECK(waiting.take() == 10);
  CHECK(waiting.add(1, 13));
  CHECK_FALSE(waiting.add(1, 14));
  CHECK(waiting.size() == 3);
}

// Red: leave the turn of a client without jobs.
TEST_CASE("serve waiting: what is removed is not taken and its client has no turn for nothing") {
  Waiting waiting(100);
  REQUIRE(waiting.add(1, 10));
  REQUIRE(waiting.add(2, 20));
  REQUIRE(waiting.add(2, 21));
  CHECK_FALSE(waiting.remove(1, 20));
  CHECK_FALSE(waiting.remove(3, 10));
  CHECK(waiting.remove(1, 10));
  CHECK_FALSE(waiting.remove(1, 10));
  CHECK(waiting.remove(2, 20));
  CHECK(waiting.size() == 1);
  CHECK(waiting.take() == 21);
  CHECK_FALSE(waiting.remove(2, 21));
  CHECK_FALSE(waiting.take());
  REQUIRE(waiting.add(1, 11));
  CHECK(all(waiting) == std::vector<std::uint64_t>{11});
}

// Red: take from whoever is first.
TEST_CASE("serve waiting: a client that may have no turn keeps its place") {
  Waiting waiting(100);
  REQUIRE(waiting.add(1, 10));
  REQUIRE(waiting.add(2, 20));
  REQUIRE(waiting.add(2, 21));
  const auto not_first = [](std::uint64_t client) { return client != 1; };
  CHECK(waiting.take(not_first) == 20);
  CHECK(waiting.take(not_first) == 21);
  CHECK_FALSE(waiting.take(not_first));
  CHECK(waiting.size() == 1);
  CHECK(waiting.take() == 10);
}

TEST_CASE("serve waiting: with a bound of 0 nothing waits but what starts at once") {
  Waiting waiting(0);
  CHECK(waiting.add(2, 20, 1));
  CHECK_FALSE(waiting.add(2, 21, 1));
  CHECK(waiting.take() == 20);
  CHECK_FALSE(waiting.add(1, 10));
  CHECK(waiting.size() == 0);
  CHECK_FALSE(waiting.take());
}
