#include "result/utf8.h"

#include <cstdint>
#include <cstring>

#include <fmt/core.h>

namespace sb::result {
namespace {

bool in(char c, unsigned low, unsigned high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

bool continues(char c) { return in(c, 0x80, 0xBF); }

// The second byte alone tells overlong forms, surrogates and what lies above U+10FFFF.
bool second_of_three(char first, char second) {
  switch (static_cast<unsigned char>(first)) {
    case 0xE0:
      return in(second, 0xA0, 0xBF);
    case 0xED:
      return in(second, 0x80, 0x9F);
    default:
      return continues(second);
  }
}

bool second_of_four(char first, char second) {
  switch (static_cast<unsigned char>(first)) {
    case 0xF0:
      return in(second, 0x90, 0xBF);
    case 0xF4:
      return in(second, 0x80, 0x8F);
    default:
      return continues(second);
  }
}

// The number of ASCII bytes at the start of text, found in steps of eight.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    if ((word & 0x8080808080808080U) != 0) {
      break;
    }
  }
  while (at < text.size() && in(text[at], 0, 0x7F)) {
    ++at;
  }
  return at;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  if (in(text[0], 0, 0x7F)) {
    return 1;
  }
  if (in(text[0], 0xC2, 0xDF)) {
    return text.size() >= 2 && continues(text[1]) ? 2 : 0;
  }
  if (in(text[0], 0xE0, 0xEF)) {
    return text.size() >= 3 && second_of_three(text[0], text[1]) && continues(text[2]) ? 3 : 0;
  }
  if (in(text[0], 0xF0, 0xF4)) {
    return text.size() >= 4 && second_of_four(text[0], text[1]) && continues(text[2]) &&
                   continues(text[3])
               ? 4
               : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) {
      return true;
    }
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::size_t utf8_incomplete_tail(std::string_view text) {
  for (std::size_t tail = 1; tail <= 3 && tail <= text.size(); ++tail) {
    const char c = text[text.size() - tail];
    if (!continues(c)) {
      const std::size_t length = in(c, 0xC2, 0xDF)   ? 2
                                 : in(c, 0xE0, 0xEF) ? 3
                                 : in(c, 0xF0, 0xF4) ? 4
                                                     : 0;
      return length > tail ? tail : 0;
    }
  }
  return 0;
}

std::string visible(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    // C0 controls and DEL, C1 controls (U+0080 to U+009F), and what is no UTF-8.
    const bool hidden = length == 0 || (length == 1 && (in(text[0], 0, 0x1F) || text[0] == 0x7F)) ||
                        (length == 2 && in(text[0], 0xC2, 0xC2) && in(text[1], 0x80, 0x9F));
    const std::string_view part = text.substr(0, length == 0 ? 1 : length);
    for (const char c : part) {
      if (hidden) {
        shown += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
      } else {
        shown += c;
      }
    }
    text.remove_prefix(part.size());
  }
  return shown;
}

}  // namespace sb::result
