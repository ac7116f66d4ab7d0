#include "policy/oci_condition.h"

#include <bit>

namespace sb::policy {
namespace {

constexpr std::uint64_t low_half = 0xffffffff;
constexpr std::uint64_t all_bits = ~std::uint64_t{0};

// All numbers from first to last, both included.
struct Range {
  std::uint64_t first;
  std::uint64_t last;
};

// Cuts a range into aligned blocks of a power of two, each of which is one masked equality.
void add_blocks(std::vector<MaskedValue>& blocks, Range range, std::uint64_t considered) {
  std::uint64_t first = range.first;
  while (true) {
    std::uint64_t size_bits = first == 0 ? 64 : static_cast<std::uint64_t>(std::countr_zero(first));
    std::uint64_t inside = 0;  // the bits that vary within the block
    while (true) {
      inside = size_bits == 64 ? all_bits : (std::uint64_t{1} << size_bits) - 1;
      if (inside <= range.last - first) {
        break;
      }
      --size_bits;
    }
    blocks.push_back({~inside & considered, first & considered});
    if (range.last - first == inside) {
      return;
    }
    first += inside + 1;
  }
}

// What satisfies `op value` among the numbers from 0 to `top`.
std::optional<std::vector<Range>> ranges_of(std::string_view op, std::uint64_t value,
                                            std::uint64_t top) {
  const auto below = [&] {
    return value == 0 ? std::vector<Range>{} : std::vector<Range>{{0, value - 1}};
  };
  const auto above = [&] {
    return value == top ? std::vector<Range>{} : std::vector<Range>{{value + 1, top}};
  };
  if (op == "SCMP_CMP_EQ") {
    return std::vector<Range>{{value, value}};
  }
  if (op == "SCMP_CMP_NE") {
    std::vector<Range> ranges = below();
    for (const Range& range : above()) {
      ranges.push_back(range);
    }
    return ranges;
  }
  if (op == "SCMP_CMP_LT") {
    return below();
  }
  if (op == "SCMP_CMP_LE") {
    return std::vector<Range>{{0, value}};
  }
  if (op == "SCMP_CMP_GE") {
    return std::vector<Range>{{value, top}};
  }
  return op == "SCMP_CMP_GT" ? std::optional(above()) : std::nullopt;
}

// Whether growing arguments come to satisfy it: then high bits, which make an argument large,
// would.
bool is_met_by_large(std::string_view op) {
  return op == "SCMP_CMP_NE" || op == "SCMP_CMP_GE" || op == "SCMP_CMP_GT";
}

}  // namespace

std::optional<std::vector<MaskedValue>> masked_values(std::string_view op, std::uint64_t value,
                                                      std::uint64_t value_two, bool grants) {
  if (op == "SCMP_CMP_MASKED_EQ") {
    if ((value_two & ~value) != 0) {
      return std::vector<MaskedValue>{};
    }
    return std::vector<MaskedValue>{{value, value_two}};
  }
  const bool small = value <= low_half;
  // Grants: the high half must be clear, so numbers end at 2^32. A refusal by "large" takes in all
  // numbers with a high half, one by "small" does not look at it.
  const bool looks_at_high = !small || grants || is_met_by_large(op);
  const std::uint64_t top = small && (grants || !looks_at_high) ? low_half : all_bits;
  const std::optional<std::vector<Range>> ranges = ranges_of(op, value, top);
  if (!ranges) {
    return std::nullopt;
  }
  std::vector<MaskedValue> blocks;
  for (const Range& range : *ranges) {
    add_blocks(blocks, range, looks_at_high ? all_bits : low_half);
  }
  return blocks;
}

}  // namespace sb::policy
