#include "intercept/clock.h"

#include <algorithm>
#include <ctime>

namespace sb::intercept {

std::optional<std::uint64_t> to_ns(std::int64_t seconds, std::int64_t part, std::int64_t parts) {
  if (seconds < 0 || part < 0 || part >= parts) {
    return std::nullopt;
  }
  constexpr std::uint64_t most_seconds = Clock::most_ns / second_ns;
  if (static_cast<std::uint64_t>(seconds) >= 3 * most_seconds) {
    return never;
  }
  return static_cast<std::uint64_t>(seconds) * second_ns +
         static_cast<std::uint64_t>(part) * (second_ns / static_cast<std::uint64_t>(parts));
}

bool Clock::is_real(int clock_id) {
  return clock_id == CLOCK_REALTIME || clock_id == CLOCK_REALTIME_COARSE ||
         clock_id == CLOCK_REALTIME_ALARM || clock_id == CLOCK_TAI;
}

bool Clock::is_virtual(int clock_id) {
  return is_real(clock_id) || clock_id == CLOCK_MONOTONIC || clock_id == CLOCK_MONOTONIC_RAW ||
         clock_id == CLOCK_MONOTONIC_COARSE || clock_id == CLOCK_BOOTTIME ||
         clock_id == CLOCK_BOOTTIME_ALARM;
}

std::uint64_t Clock::after(std::uint64_t wait_ns) const {
  return wait_ns <= most_ns - elapsed_ns_ ? elapsed_ns_ + wait_ns : never;
}

std::uint64_t Clock::when(int clock_id, std::uint64_t reading_ns) const {
  if (reading_ns == never) {
    return never;
  }
  const std::uint64_t now_ns = reading(clock_id);
  return after(reading_ns > now_ns ? reading_ns - now_ns : 0);
}

void Clock::move_to(std::uint64_t elapsed_ns) {
  elapsed_ns_ = std::clamp(elapsed_ns, elapsed_ns_, most_ns);
}

}  // namespace sb::intercept
