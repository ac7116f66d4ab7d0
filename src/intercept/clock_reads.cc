#include "intercept/clock_reads.h"

#include <algorithm>

namespace sb::intercept {

bool ClockReads::waits_for_clock(bool direct, const Clock& clock) {
  if (direct && !spinning_ && ++calls_ <= free_calls) {
    return false;
  }
  if (!spinning_) {
    spinning_ = true;
    since_ns_ = clock.elapsed();
  }
  return true;
}

std::uint64_t ClockReads::step_ns(const Clock& clock) const {
  constexpr std::uint64_t least_ns = 1000;
  constexpr std::uint64_t most_ns = 10'000'000;
  constexpr std::uint64_t part = 256;
  const std::uint64_t step = (clock.elapsed() - since_ns_) / part;
  return std::clamp(step, least_ns, most_ns) / least_ns * least_ns;
}

void ClockReads::moved(bool held) {
  spinning_ = held;
  calls_ = 0;
}

}  // namespace sb::intercept
