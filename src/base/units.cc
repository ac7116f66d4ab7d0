#include "base/units.h"

#include <array>
#include <charconv>

#include <fmt/core.h>

namespace sb {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t second_ns = 1'000'000'000;
// Limit: durations end at ten years, sizes at 2^60, so that sums of them can't overflow.
constexpr std::uint64_t max_duration_ns = 3'650ULL * 24 * 3'600 * second_ns;
constexpr std::uint64_t max_size_bytes = 1ULL << 60;

constexpr std::array duration_units = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", second_ns},
    Unit{"m", 60 * second_ns},
    Unit{"min", 60 * second_ns},
    Unit{"h", 3'600 * second_ns},
};

constexpr std::array size_units = {
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"K", 1ULL << 10},
    Unit{"KiB", 1ULL << 10},
    Unit{"kB", 1'000},
    Unit{"M", 1ULL << 20},
    Unit{"MiB", 1ULL << 20},
    Unit{"MB", 1'000'000},
    Unit{"G", 1ULL << 30},
    Unit{"GiB", 1ULL << 30},
    Unit{"GB", 1'000'000'000},
    Unit{"T", 1ULL << 40},
    Unit{"TiB", 1ULL << 40},
    Unit{"TB", 1'000'000'000'000},
};

template <std::size_t n>
const Unit* find_unit(const std::array<Unit, n>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) {
      return &unit;
    }
  }
  return nullptr;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Number {
  std::uint64_t whole = 0;
  std::uint64_t millionths = 0;
};

// Takes digits, and at most six digits after a point, off the front of text.
std::optional<Number> take_number(std::string_view& text) {
  Number number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.whole);
  if (error != std::errc() || text.empty() || !is_digit(text.front())) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty() || text.front() != '.') {
    return number;
  }
  text.remove_prefix(1);
  std::uint64_t place = 100'000;
  if (text.empty() || !is_digit(text.front())) {
    return std::nullopt;
  }
  while (!text.empty() && is_digit(text.front())) {
    number.millionths += place * static_cast<std::uint64_t>(text.front() - '0');
    place /= 10;
    text.remove_prefix(1);
  }
  return number;
}

// number × factor, or nullopt above max.
std::optional<std::uint64_t> scale(const Number& number, std::uint64_t factor, std::uint64_t max) {
  if (number.whole > max / factor) {
    return std::nullopt;
  }
  // In two parts, since factor * millionths could overflow; a single division would lose the rest.
  const std::uint64_t fraction =
      factor / 1'000'000 * number.millionths + factor % 1'000'000 * number.millionths / 1'000'000;
  const std::uint64_t value = number.whole * factor + fraction;
  return value <= max ? std::optional(value) : std::nullopt;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) {
    ++length;
  }
  const std::string_view letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

}  // namespace

std::optional<std::uint64_t> parse_duration_ns(std::string_view text) {
  std::uint64_t total_ns = 0;
  bool first = true;
  do {
    const std::optional<Number> number = take_number(text);
    if (!number) {
      return std::nullopt;
    }
    const std::string_view name = take_letters(text);
    const Unit* unit =
        find_unit(duration_units, first && name.empty() && text.empty() ? "s" : name);
    if (unit == nullptr) {
      return std::nullopt;
    }
    const std::optional<std::uint64_t> part = scale(*number, unit->factor, max_duration_ns);
    if (!part || *part > max_duration_ns - total_ns) {
      return std::nullopt;
    }
    total_ns += *part;
    first = false;
  } while (!text.empty());
  return total_ns;
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
  const std::optional<Number> number = take_number(text);
  if (!number) {
    return std::nullopt;
  }
  const Unit* unit = find_unit(size_units, text);
  if (unit == nullptr || (unit->factor == 1 && number->millionths != 0)) {
    return std::nullopt;
  }
  return scale(*number, unit->factor, max_size_bytes);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::string format_duration(std::uint64_t ns) {
  if (ns >= 60 * second_ns && ns % second_ns == 0) {
    const std::uint64_t minutes = ns / (60 * second_ns);
    const std::uint64_t seconds = ns / second_ns % 60;
    return seconds == 0 ? fmt::format("{} m", minutes) : fmt::format("{} m {} s", minutes, seconds);
  }
  if (ns % second_ns == 0) {
    return fmt::format("{} s", ns / second_ns);
  }
  if (ns % 1'000'000 == 0) {
    return ns < second_ns ? fmt::format("{} ms", ns / 1'000'000) : format_seconds(ns);
  }
  // Why: exact, so that what is shown can be written again and means the same.
  return ns % 1'000 == 0 ? fmt::format("{} us", ns / 1'000) : fmt::format("{} ns", ns);
}

std::string format_seconds(std::uint64_t ns) {
  return fmt::format("{}.{:03} s", ns / second_ns, ns / 1'000'000 % 1'000);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array names = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t step = 0;
  while (step + 1 < names.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++step;
  }
  return fmt::format("{} {}", bytes, names.at(step));
}

}  // namespace sb
