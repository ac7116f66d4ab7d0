// What every target asserts, and how input becomes numbers.
// Must not know any target.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"

namespace sbfuzz {

[[noreturn]] void broken(const char* promise, const std::string& what, const char* file, int line);

// Ends the process unless the condition holds.
#define HOLDS(condition) HOLDS_FOR(condition, std::string())
// The same, telling `what` it was asked of.
#define HOLDS_FOR(condition, what) \
  ((condition) ? static_cast<void>(0) : sbfuzz::broken(#condition, what, __FILE__, __LINE__))

// One line, without control characters, of a bounded length.
void expect_clear(const sb::Error& error);
// The same, and it begins with a place in `text`, which was read under the name `source`.
void expect_place(const sb::Error& error, std::string_view source, std::string_view text);

// Takes the input apart, from its front; all is zero or empty behind its end.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::string_view rest() const { return bytes_; }
  std::string_view take(std::size_t size);
  std::uint64_t number(std::size_t size = 8);  // little-endian, at most 8 bytes
  // From 0 to below `count`.
  std::size_t choose(std::size_t count) { return static_cast<std::size_t>(number(1)) % count; }
  bool flip() { return number(1) % 2 == 1; }

 private:
  std::string_view bytes_;
};

}  // namespace sbfuzz
