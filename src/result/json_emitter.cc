#include "result/json_emitter.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "result/utf8.h"

namespace sb::result {
namespace {

// Limit: the most that is held before it goes to the sink.
constexpr std::size_t buffer_size = 65'536;

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// True for bytes that a JSON string can't hold as they are, or that a terminal would obey:
// C0 controls, DEL, and 0xC2, which may begin a C1 control (U+0080 to U+009F).
constexpr std::array<bool, 256> special_bytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) {
    table[i] = true;
  }
  table['"'] = table['\\'] = table[0x7F] = table[0xC2] = true;
  return table;
}();

bool is_special(char c) { return special_bytes[static_cast<unsigned char>(c)]; }

// How a code point below U+00A0 is written where it can't stand as it is.
struct Escape {
  std::array<char, 6> text;
  std::size_t length;
};

// Why: a table, since a program may write a gibibyte of NUL bytes.
constexpr std::array<Escape, 0xA0> escapes = [] {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view shorthands = "\b\f\n\r\t\"\\";
  constexpr std::string_view letters = "bfnrt\"\\";
  std::array<Escape, 0xA0> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = {{'\\', 'u', '0', '0', hex[i >> 4], hex[i & 0xF]}, 6};
  }
  for (std::size_t i = 0; i < shorthands.size(); ++i) {
    table[static_cast<unsigned char>(shorthands[i])] = {{'\\', letters[i]}, 2};
  }
  return table;
}();

// Three bytes (missing ones are zero) to four digits.
void encode_group(std::string_view bytes, std::string& out) {
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    out += i <= bytes.size() ? base64_digits[group >> (18 - 6 * i) & 0x3F] : '=';
  }
}

}  // namespace

JsonEmitter::JsonEmitter(Sink sink, bool pretty) : sink_(std::move(sink)), pretty_(pretty) {
  buffer_.reserve(buffer_size);
}

void JsonEmitter::key(std::string_view name) {
  text(name);
  put(pretty_ ? ": " : ":");
  after_key_ = true;
}

void JsonEmitter::text(std::string_view value) {
  before_value();
  put('"');
  while (!value.empty()) {
    std::size_t valid = 0;
    while (const std::size_t length = utf8_sequence(value.substr(valid))) {
      valid += length;
    }
    put_escaped(value.substr(0, valid));
    if (valid < value.size()) {
      put(fmt::format("\\\\x{:02X}", static_cast<unsigned char>(value[valid])));
      ++valid;
    }
    value.remove_prefix(valid);
  }
  put('"');
}

void JsonEmitter::utf8(std::string_view value) {
  begin_utf8();
  utf8_part(value);
  end_utf8();
}

void JsonEmitter::begin_utf8() {
  before_value();
  put('"');
}

void JsonEmitter::base64(std::string_view bytes) {
  before_value();
  put('"');
  while (!bytes.empty() && !error_) {
    const std::string_view group = bytes.substr(0, 3);
    encode_group(group, buffer_);
    bytes.remove_prefix(group.size());
    if (buffer_.size() >= buffer_size - 4) {
      flush();
    }
  }
  put('"');
}

void JsonEmitter::number(std::uint64_t value) {
  before_value();
  put(fmt::format("{}", value));
}

void JsonEmitter::number(std::int64_t value) {
  before_value();
  put(fmt::format("{}", value));
}

void JsonEmitter::boolean(bool value) {
  before_value();
  put(value ? "true" : "false");
}

void JsonEmitter::null() {
  before_value();
  put("null");
}

Result<Done> JsonEmitter::finish() {
  SB_ASSERT(has_values_.empty());
  put('\n');
  flush();
  if (error_) {
    return *std::move(error_);
  }
  return Done{};
}

void JsonEmitter::begin(char bracket) {
  before_value();
  put(bracket);
  has_values_.push_back(false);
}

void JsonEmitter::end(char bracket) {
  const bool had_values = has_values_.back();
  has_values_.pop_back();
  if (had_values) {
    new_line();
  }
  put(bracket);
}

// The comma and the line break that come before a key, or before a value without one.
void JsonEmitter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_values_.empty()) {
    return;
  }
  if (has_values_.back()) {
    put(',');
  }
  has_values_.back() = true;
  new_line();
}

void JsonEmitter::new_line() {
  if (pretty_) {
    put('\n');
    put(std::string(2 * has_values_.size(), ' '));
  }
}

void JsonEmitter::put(char c) { put(std::string_view(&c, 1)); }

void JsonEmitter::put(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_size) {
    flush();
  }
  if (bytes.size() < buffer_size) {
    buffer_ += bytes;
    return;
  }
  // Why: a long run of plain bytes goes to the sink as it is, without a copy.
  if (!error_) {
    if (Result<Done> written = sink_(bytes); !written) {
      error_ = std::move(written).error();
    }
  }
}

void JsonEmitter::put_escaped(std::string_view valid) {
  while (!valid.empty() && !error_) {
    const auto* const found = std::find_if(valid.begin(), valid.end(), is_special);
    const auto plain = static_cast<std::size_t>(found - valid.begin());
    put(valid.substr(0, plain));
    valid.remove_prefix(plain);
    if (valid.empty()) {
      return;
    }
    const auto first = static_cast<unsigned char>(valid[0]);
    if (first != 0xC2) {
      put_escape(first);
      valid.remove_prefix(1);
      continue;
    }
    const auto second = static_cast<unsigned char>(valid[1]);
    if (second < 0xA0) {
      put_escape(second);
    } else {
      put(valid.substr(0, 2));
    }
    valid.remove_prefix(2);
  }
}

void JsonEmitter::put_escape(unsigned code_point) {
  const Escape& escape = escapes.at(code_point);
  put(std::string_view(escape.text.data(), escape.length));
}

void JsonEmitter::flush() {
  if (!error_ && !buffer_.empty()) {
    if (Result<Done> written = sink_(buffer_); !written) {
      error_ = std::move(written).error();
    }
  }
  buffer_.clear();
}

}  // namespace sb::result
