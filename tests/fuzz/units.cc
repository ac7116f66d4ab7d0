// Durations, sizes and the other values of one word, against arithmetic in 128 bits.
#include <array>
#include <string>

#include "base/base64.h"
#include "base/units.h"
#include "cgroup/cpu_list.h"
#include "cli/options.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "policy/symbols.h"
#include "policy/value_parsers.h"

namespace sbfuzz {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide most_ns = Wide{3650} * 24 * 3600 * 1'000'000'000;
constexpr Wide most_bytes = Wide{1} << 60;

std::string compact(std::string text) {
  std::erase(text, ' ');
  if (text.ends_with("bytes")) {
    text.resize(text.size() - 5);
  }
  return text;
}

void expect_duration(std::string_view text) {
  const auto ns = sb::parse_duration_ns(text);
  if (!ns) {
    return;
  }
  HOLDS(*ns <= most_ns);
  const std::string shown = sb::format_duration(*ns);
  HOLDS_FOR(sb::parse_duration_ns(compact(shown)) == ns, shown);
  HOLDS(text.find_first_not_of("0123456789.nusmih") == std::string_view::npos);
}

void expect_size(std::string_view text) {
  const auto bytes = sb::parse_size_bytes(text);
  if (!bytes) {
    return;
  }
  HOLDS(*bytes <= most_bytes);
  const std::string shown = sb::format_size(*bytes);
  HOLDS_FOR(sb::parse_size_bytes(compact(shown)) == bytes, shown);
}

// A plain number of digits, by hand.
void expect_number(std::string_view text) {
  const auto number = sb::parse_unsigned(text);
  Wide value = 0;
  bool fits = !text.empty();
  for (const char c : text) {
    fits = fits && c >= '0' && c <= '9';
    value = fits ? value * 10 + static_cast<Wide>(c - '0') : 0;
    fits = fits && value <= ~std::uint64_t{0};
  }
  HOLDS(number.has_value() == fits);
  HOLDS(!fits || *number == static_cast<std::uint64_t>(value));
  if (fits) {
    const auto bytes = sb::parse_size_bytes(text);
    HOLDS(bytes.has_value() == (value <= most_bytes) && (!bytes || *bytes == *number));
    const auto ns = sb::parse_duration_ns(text);
    HOLDS(ns.has_value() == (value * 1'000'000'000 <= most_ns));
    HOLDS(!ns || *ns == static_cast<std::uint64_t>(value * 1'000'000'000));
  }
}

void expect_cpus(std::string_view text) {
  const auto millis = sb::policy::parse_cpus_millis(text);
  HOLDS(!millis || (*millis >= 10 && *millis <= 8'192'000));
  const auto list = sb::cgroup::parse_cpu_list(text);
  if (sb::policy::is_cpu_set(text)) {
    // What a profile may ask for can be compared with what a cgroup says.
    HOLDS(list.has_value() && !list->empty());
  }
  HOLDS(!list || list->empty() || *list->rbegin() <= 8191);
}

void expect_words(std::string_view text) {
  if (const auto err = sb::policy::parse_errno(text)) {
    HOLDS(sb::errno_name(*err) == text);
  }
  if (const auto action = sb::policy::parse_action(text)) {
    HOLDS(action->kind == sb::policy::ActionKind::err ? action->err > 0 : action->err == 0);
  }
  if (const auto value = sb::policy::parse_symbol(text)) {
    HOLDS(sb::policy::parse_symbol(std::to_string(*value)) == value);
  }
  for (const int call : {16, 41, 56, 101, 157, 257}) {
    for (unsigned index = 0; index < 6; ++index) {
      Input number(text);
      const std::string shown = sb::policy::describe_argument(call, index, number.number());
      HOLDS_FOR(!shown.empty() && shown.size() < 1024, shown);
    }
  }
}

}  // namespace

void fuzz_units(std::string_view text) {
  expect_duration(text);
  expect_size(text);
  expect_number(text);
  expect_cpus(text);
  expect_words(text);
  (void)sb::policy::parse_bool(text);
  if (sb::policy::is_path_inside(text)) {
    HOLDS(text.starts_with('/') && text.find("/../") == std::string_view::npos &&
          !text.ends_with("/..") && text.find("//") == std::string_view::npos);
  }
  if (const auto number = sb::cli::descriptor_of(std::string(text))) {
    HOLDS(*number >= 0 && text.starts_with("fd:"));
  }
  if (const auto bytes = sb::decode_base64(text)) {
    HOLDS(text.size() % 4 == 0 && bytes->size() <= text.size() / 4 * 3);
  }
}

}  // namespace sbfuzz
