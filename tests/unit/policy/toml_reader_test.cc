#include "policy/toml_reader.h"

#include <random>

#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

std::string error_of(std::string_view text) {
  const Result<ConfigValue> value = read_toml(text, "a.toml");
  if (value) {
    return "";
  }
  CHECK(value.error().tag() == Tag::profile_syntax);
  return value.error().message();
}

// One line, of printable characters, that a terminal shows whole.
void check_one_clear_line(const std::string& message) {
  CHECK(message.size() < 300);
  CHECK(message.starts_with("a.toml:"));
  for (const char c : message) {
    CHECK((c >= ' ' && c <= '~'));
  }
}

}  // namespace

TEST_CASE("toml: values with their positions") {
  const Result<ConfigValue> read =
      read_toml("a = 1\n[b]\nc = [\"x\", true]\n  d = { e = \"\\u00e9\" }\n", "a.toml");
  REQUIRE(read);
  REQUIRE(read->members.size() == 2);
  const auto& [a_key, a] = read->members[0];
  CHECK(a_key.value == "a");
  CHECK(a_key.origin.to_string() == "a.toml:1:1");
  CHECK(a.origin.to_string() == "a.toml:1:5");
  CHECK(a.kind == ConfigValue::Kind::scalar);
  CHECK(a.text == "1");
  const ConfigValue& b = read->members[1].value;
  REQUIRE(b.members.size() == 2);
  const ConfigValue& c = b.members[0].value;
  REQUIRE(c.items.size() == 2);
  CHECK(c.items[0].text == "x");
  CHECK(c.items[1].text == "true");
  CHECK(c.items[1].origin.to_string() == "a.toml:3:11");
  CHECK(b.members[1].key.origin.to_string() == "a.toml:4:3");
  CHECK(b.members[1].value.members[0].value.text == "\xc3\xa9");
}

TEST_CASE("toml: the order is that of the file") {
  const Result<ConfigValue> read = read_toml("z = 1\nb = 2\na = 3\n", "a.toml");
  REQUIRE(read);
  CHECK(read->members[0].key.value == "z");
  CHECK(read->members[2].key.value == "a");
}

TEST_CASE("toml: a syntax error is one line with its position") {
  const std::string message = error_of("a = 1\nb = [1,\n");
  check_one_clear_line(message);
  CHECK(message == "a.toml:2:9: parsing array: encountered end-of-file");
  check_one_clear_line(error_of("a = 1\na = 2\n"));
  check_one_clear_line(error_of("= 1\n"));
  check_one_clear_line(error_of("a\n"));
}

TEST_CASE("toml: the guard stops bytes that the library must not see") {
  CHECK(error_of("a = 1\nb = \"\x01\"\n").starts_with("a.toml:2:6: byte 0x01"));
  CHECK(error_of("\xc9\x81 = 1\n").starts_with("a.toml:1:1: byte 0xc9"));
  CHECK(error_of("\"\xca\x95\" = 1\n").starts_with("a.toml:1:2: byte 0xca"));
  CHECK(error_of(std::string_view("a = 1\0", 6)).starts_with("a.toml:1:6: byte 0x00"));
  CHECK(error_of("a = \"\x7f\"").starts_with("a.toml:1:6: byte 0x7f"));
  CHECK(error_of("\t\r\n a = 1 # ~\n").empty());
}

TEST_CASE("toml: the guard bounds dots and length") {
  std::string dots = "a";
  for (int i = 0; i < 64; ++i) {
    dots += ".a";
  }
  // toml++ itself stops long before its stack does; what counts is that it never sees more dots.
  CHECK(check_toml_text(dots + "\n" + dots, "a.toml"));
  CHECK_FALSE(check_toml_text(dots + ".a", "a.toml"));
  CHECK(error_of(dots + ".a = 1").starts_with("a.toml:1:130: more than 64 dots"));
  CHECK(check_toml_text(std::string(longest_profile, ' '), "a.toml"));
  CHECK_FALSE(check_toml_text(std::string(longest_profile + 1, ' '), "a.toml"));
}

TEST_CASE("toml: deep brackets are an error and not a crash") {
  for (const char* open : {"[", "{a=", "[{a="}) {
    std::string text = "a = ";
    while (text.size() < 60'000) {
      text += open;
    }
    check_one_clear_line(error_of(text));
  }
  check_one_clear_line(error_of("[#Z"));
}

TEST_CASE("toml: 10 MiB of random bytes give one clear line") {
  std::mt19937 random(1);
  std::string bytes(10 << 20, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random());
  }
  check_one_clear_line(error_of(bytes));
}

TEST_CASE("toml: random printable texts never get past an error") {
  constexpr std::string_view alphabet = "[]{}=\"'#.,\n\t aZ019_-+:\\u";
  std::mt19937 random(7);
  for (int round = 0; round < 3'000; ++round) {
    std::string text;
    const std::size_t length = random() % 200;
    while (text.size() < length) {
      text += alphabet[random() % alphabet.size()];
    }
    const std::string message = error_of(text);
    if (!message.empty()) {
      check_one_clear_line(message);
    }
  }
}
