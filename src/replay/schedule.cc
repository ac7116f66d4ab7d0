#include "replay/schedule.h"

#include <algorithm>

namespace sb::replay {
namespace {

constexpr std::uint64_t latest_ns = 1ULL << 62U;

std::uint64_t scaled(std::uint64_t delay_ns, double speed) {
  if (speed == 1) {
    return std::min(delay_ns, latest_ns);  // Why: exact, whatever a double can hold.
  }
  const double result = static_cast<double>(delay_ns) / speed;
  return result < static_cast<double>(latest_ns) ? static_cast<std::uint64_t>(result) : latest_ns;
}

}  // namespace

std::vector<std::uint64_t> schedule(const std::vector<Piece>& pieces, const Pace& pace) {
  std::vector<std::uint64_t> due_ns;
  due_ns.reserve(pieces.size());
  std::uint64_t before_ns = 0;
  std::uint64_t now_ns = 0;
  for (const Piece& piece : pieces) {
    std::uint64_t delay_ns = scaled(piece.at_ns - before_ns, pace.speed);
    delay_ns = std::min(delay_ns, pace.longest_delay_ns.value_or(latest_ns));
    before_ns = piece.at_ns;
    now_ns = std::min(now_ns + delay_ns, latest_ns);
    due_ns.push_back(now_ns);
  }
  return due_ns;
}

}  // namespace sb::replay
