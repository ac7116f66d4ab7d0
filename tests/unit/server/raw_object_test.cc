#include "server/raw_object.h"

#include <array>
#include <random>
#include <string>

#include "fuzz/json_check.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb::server;

namespace {

bool is_taken(std::string_view text) { return raw_members(text).has_value(); }

std::string value_of(std::string_view text, std::string_view key) {
  const auto members = raw_members(text);
  const RawMember* const member = members ? find_member(*members, key) : nullptr;
  return member != nullptr ? std::string(member->value) : "(none)";
}

// JSON at random, with all that could mislead who looks for its ends.
class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}

  std::string object(int depth) {
    std::string text = "{" + space();
    const unsigned count = below(5);
    for (unsigned i = 0; i < count; ++i) {
      // Why numbered: of two equal keys a reader keeps one.
      text += (i > 0 ? "," + space() : "") + string(std::to_string(i)) + space() + ":" + space() +
              value(depth - 1) + space();
    }
    return text + "}";
  }

 private:
  unsigned below(unsigned end) {
    return std::uniform_int_distribution<unsigned>(0, end - 1)(random_);
  }

  std::string space() {
    static constexpr std::array spaces = {"", "", "", " ", "\t", "\r", " \n "};
    return spaces.at(below(spaces.size()));
  }

  std::string string(const std::string& begin = {}) {
    static constexpr std::array pieces = {"a",   "{", "}",    "[",    "]",       ",",
                                          ":",   " ", "\\\"", "\\\\", "\\u0022", "\\u005c",
                                          "\\n", "é", "//",   "\x7f"};
    std::string text = "\"" + begin;
    for (unsigned count = below(8); count > 0; --count) {
      text += pieces.at(below(pieces.size()));
    }
    return text + "\"";
  }

  std::string value(int depth) {
    static constexpr std::array words = {"true", "false",   "null",
                                         "0",    "-1.5e+3", "18446744073709551615"};
    const unsigned kind = below(depth > 0 ? 4 : 2);
    if (kind == 0) {
      return words.at(below(words.size()));
    }
    if (kind == 1) {
      return string();
    }
    if (kind == 2) {
      return object(depth);
    }
    std::string text = "[" + space();
    const unsigned count = below(4);
    for (unsigned i = 0; i < count; ++i) {
      text += (i > 0 ? "," + space() : "") + value(depth - 1) + space();
    }
    return text + "]";
  }

  std::mt19937 random_;
};

}  // namespace

// Red: pass one byte, not two, after a backslash.
TEST_CASE("raw object: of any JSON the members are those of a reader of JSON") {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const std::string text = " " + Writer(seed).object(4) + "\r\n";
    CAPTURE(text);
    const auto members = raw_members(text);
    REQUIRE(members);
    CHECK(sbfuzz::are_its_members(*members, text));
    // No part of it is a whole one.
    CHECK_FALSE(is_taken(std::string_view(text).substr(0, text.rfind('}'))));
  }
}

TEST_CASE("raw object: values are as they are written without space around them") {
  const std::string_view text =
      "{ \"id\" : \"a\\\"b\" ,\t\"n\":-1e5,\"l\": [1, \"]\"] ,\"o\":{\"id\": \"x\"}, \"t\" : true "
      "}";
  CHECK(value_of(text, "id") == "\"a\\\"b\"");
  CHECK(value_of(text, "n") == "-1e5");
  CHECK(value_of(text, "l") == "[1, \"]\"]");
  CHECK(value_of(text, "o") == "{\"id\": \"x\"}");
  CHECK(value_of(text, "t") == "true");
  CHECK(value_of(text, "x") == "(none)");
  CHECK(raw_members("{}")->empty());
  // The first of two.
  CHECK(value_of(R"({"a": 1, "a": 2})", "a") == "1");
  // A key is what stands there.
  CHECK(value_of(R"({"\u0061": 1})", "a") == "(none)");
  CHECK(value_of(R"({"\u0061": 1})", "\\u0061") == "1");
}

// Red: without the look at what follows the closing bracket.
TEST_CASE("raw object: what is none is refused") {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "[]",
                                      "[{}]",
                                      "\"a\"",
                                      "1",
                                      "null",
                                      "{}{}",
                                      "{} x",
                                      "{,}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{\"a\":1 \"b\":2}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{\"a\":1",
                                      "{\"a\":\"",
                                      "{\"a\":\"\\",
                                      "{\"a\":\"\\\"}",
                                      "{\"a",
                                      "{\"a\\",
                                      "{\"a\":[",
                                      "{\"a\":[}",
                                      "{\"a\":{\"b\":1}",
                                      "{\"a\":]}",
                                      "{\"a\":1]",
                                      "{\"a\":\"b\"c}",
                                      "{\"a\":[1]2}",
                                      "\xef\xbb\xbf{}"}) {
    CAPTURE(text);
    CHECK_FALSE(is_taken(text));
  }
}

TEST_CASE("raw object: depth length and NUL bytes do no harm") {
  constexpr std::size_t many = 1 << 20;
  CHECK_FALSE(is_taken(std::string(many, '[')));
  CHECK_FALSE(is_taken(std::string(many, '{')));
  CHECK_FALSE(is_taken("{\"a\":" + std::string(many, '[')));
  CHECK_FALSE(is_taken("{\"a\":" + std::string(many, '{')));
  CHECK_FALSE(is_taken("{\"a\":\"" + std::string(many, '\\')));
  CHECK_FALSE(is_taken("{" + std::string(many, '"')));
  CHECK_FALSE(is_taken(std::string(64, '\0')));
  const std::string deep =
      "{\"a\":" + std::string(many, '[') + std::string(many, ']') + ",\"id\":\"7\"}";
  CHECK(value_of(deep, "id") == "\"7\"");
  const std::string zero("{\"a\":\"\0\",\"id\":\"7\"}", 18);
  CHECK(value_of(zero, "id") == "\"7\"");
}
