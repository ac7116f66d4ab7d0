// When each piece of a recording is due: its delays at another speed, none longer than a bound.
// Must not look at a clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replay/recording.h"

namespace sb::replay {

struct Pace {
  double speed = 1;  // above 0
  std::optional<std::uint64_t> longest_delay_ns;
};

// For each piece, ns from the start of the playing: whole delays add up, so that none drifts.
// Limit: at most 2^62, which no clock comes to.
std::vector<std::uint64_t> schedule(const std::vector<Piece>& pieces, const Pace& pace);

}  // namespace sb::replay
