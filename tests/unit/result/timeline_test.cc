#include "result/timeline.h"

#include <string>

#include <doctest/doctest.h>

using namespace sb::result;

namespace {

std::string shown(Timeline& timeline) {
  std::string text;
  for (const OutputChunk& chunk : timeline.take()) {
    text += (chunk.is_error ? "e" : "o") + std::to_string(chunk.time_ns) + "+" +
            std::to_string(chunk.size) + " ";
  }
  return text;
}

}  // namespace

// Red: let append() join chunks of any time.
TEST_CASE("timeline: neighbours of one stream and instant are one") {
  Timeline timeline;
  timeline.add(false, 5, 1);
  timeline.add(false, 5, 2);
  timeline.add(true, 5, 4);
  timeline.add(false, 5, 8);
  timeline.add(false, 6, 0);
  timeline.add(false, 7, 16);
  CHECK(shown(timeline) == "o5+3 e5+4 o5+8 o7+16 ");
}

// Red: leave the loop out of add().
TEST_CASE("timeline: it is bounded and counts every byte") {
  Timeline timeline;
  constexpr std::uint64_t count = 1'000'000;
  for (std::uint64_t i = 0; i < count; ++i) {
    timeline.add(i % 2 == 1, i * 1'000, 1);
  }
  std::uint64_t out = 0;
  std::uint64_t err = 0;
  std::uint64_t last_ns = 0;
  const auto chunks = timeline.take();
  CHECK(chunks.size() < Timeline::most_chunks);
  CHECK(chunks.size() > 500);  // a second, to within a millisecond
  for (const OutputChunk& chunk : chunks) {
    (chunk.is_error ? err : out) += chunk.size;
    CHECK(chunk.time_ns >= last_ns);
    last_ns = chunk.time_ns;
  }
  CHECK(out == count / 2);
  CHECK(err == count / 2);
}
