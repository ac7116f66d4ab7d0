#include "fuzz/properties.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/units.h"

namespace sbfuzz {
namespace {

// Limit: of an error's line. The longest hold a message with a quoted value, a place and a hint.
constexpr std::size_t longest_line = 1024;

}  // namespace

void broken(const char* promise, const std::string& what, const char* file, int line) {
  (void)std::fprintf(stderr, "%s:%d: broken: %s\n%s\n", file, line, promise, what.c_str());
  std::abort();
}

void expect_clear(const sb::Error& error) {
  const std::string line = error.to_line();
  HOLDS_FOR(line.size() <= longest_line, line);
  HOLDS_FOR(std::none_of(line.begin(), line.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }),
            line);
  HOLDS_FOR(!error.message().empty(), line);
}

void expect_place(const sb::Error& error, std::string_view source, std::string_view text) {
  expect_clear(error);
  const std::string shown = error.message();
  std::string_view line = shown;
  HOLDS_FOR(line.starts_with(source), shown);
  line.remove_prefix(source.size());
  HOLDS_FOR(line.starts_with(':'), shown);
  line.remove_prefix(1);
  const auto row = sb::parse_unsigned(line.substr(0, line.find(':')));
  HOLDS_FOR(row.has_value(), shown);
  line.remove_prefix(line.find(':') + 1);
  const auto column = sb::parse_unsigned(line.substr(0, line.find(':')));
  HOLDS_FOR(column.has_value(), shown);
  const auto rows = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  HOLDS_FOR(*row >= 1 && *row <= rows, shown);
  HOLDS_FOR(*column >= 1 && *column <= text.size() + 1, shown);
}

std::string_view Input::take(std::size_t size) {
  const std::string_view part = bytes_.substr(0, size);
  bytes_.remove_prefix(part.size());
  return part;
}

std::uint64_t Input::number(std::size_t size) {
  const std::string_view part = take(std::min<std::size_t>(size, 8));
  std::uint64_t value = 0;
  std::memcpy(&value, part.data(), part.size());
  return value;
}

}  // namespace sbfuzz
