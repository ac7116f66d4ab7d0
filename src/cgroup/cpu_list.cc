#include "cgroup/cpu_list.h"

#include <algorithm>
#include <cstdint>

#include "base/units.h"

namespace sb::cgroup {
namespace {

constexpr std::uint64_t highest_cpu = 8191;

bool add_range(std::string_view range, std::set<unsigned>& cpus) {
  const std::size_t dash = range.find('-');
  const std::optional<std::uint64_t> first = parse_unsigned(range.substr(0, dash));
  const std::optional<std::uint64_t> last =
      dash == std::string_view::npos ? first : parse_unsigned(range.substr(dash + 1));
  if (!first || !last || *first > *last || *last > highest_cpu) {
    return false;
  }
  for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) {
    cpus.insert(static_cast<unsigned>(cpu));
  }
  return true;
}

}  // namespace

std::optional<std::set<unsigned>> parse_cpu_list(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  std::set<unsigned> cpus;
  while (!text.empty()) {
    const std::string_view range = text.substr(0, text.find(','));
    if (!add_range(range, cpus)) {
      return std::nullopt;
    }
    text.remove_prefix(std::min(text.size(), range.size() + 1));
  }
  return cpus;
}

}  // namespace sb::cgroup
