#include "policy/json_reader.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

std::string failure(std::string_view text) {
  const Result<ConfigValue> value = read_json(text, {.source = "a.json"});
  return value ? "(read)" : value.error().message();
}

}  // namespace

// Red: leave line_start_ alone at the end of a line.
TEST_CASE("json: each value and key knows its place") {
  const auto document =
      read_json("\xef\xbb\xbf{\n  \"a\" : [1.50, \"x\\\"]\\\\\", true],\r\n\t\"b\":{}}",
                {.source = "a.json"});
  REQUIRE(document);
  REQUIRE(document->members.size() == 2);
  const ConfigMember& a = document->members[0];
  CHECK(a.key.origin.to_string() == "a.json:2:3");
  REQUIRE(a.value.items.size() == 3);
  CHECK(a.value.origin.to_string() == "a.json:2:9");
  CHECK(a.value.items[0].text == "1.50");
  CHECK(a.value.items[0].kind == ConfigValue::Kind::scalar);
  CHECK(a.value.items[1].text == "x\"]\\");
  CHECK(a.value.items[1].origin.to_string() == "a.json:2:16");
  CHECK(a.value.items[2].origin.to_string() == "a.json:2:26");
  CHECK(document->members[1].key.origin.to_string() == "a.json:3:2");
  CHECK(document->members[1].value.origin.to_string() == "a.json:3:6");
}

TEST_CASE("json: what is no document is one error with its place") {
  CHECK(failure("") == "a.json:1:1: the text ends before the document does");
  CHECK(failure("{\n\"a\": ") == "a.json:2:6: the text ends before the document does");
  CHECK(failure("{\n 'a'}") == "a.json:2:2: no JSON from here on");
  CHECK(failure("{} x") == "a.json:1:4: no JSON from here on");
  CHECK(failure("[1,]") == "a.json:1:4: no JSON from here on");
  CHECK(failure("[\"\xff\"]") == "a.json:1:3: a byte that is no UTF-8");
  CHECK(failure("[\"\xed\xa0\x80\"]") == "a.json:1:4: a byte that is no UTF-8");
  CHECK(failure("[1,\n1e999]") == "a.json:2:1: a number that is out of range");
  CHECK(failure(std::string_view("\0\0\0", 3)) == "a.json:1:1: no JSON from here on");
  CHECK(failure("[NaN]") == "a.json:1:2: no JSON from here on");
}

// Red: leave the look for a NUL out of read_json().
TEST_CASE("json: a NUL byte does not hide what follows it") {
  CHECK(failure(std::string_view("{}\n\0{}", 6)) == "a.json:2:1: no JSON from here on");
  CHECK(failure(std::string_view("[1]\0", 4)) == "a.json:1:4: no JSON from here on");
  CHECK(failure(R"(["\u0000"])") == "(read)");
}

// Red: take the last of two, as the library by itself does.
TEST_CASE("json: a key that is there twice is an error") {
  CHECK(failure("{\"a\": 1,\n \"b\": {}, \"a\": 2}") ==
        "a.json:2:11: the key \"a\" is there twice, first at 1:2");
  CHECK(failure(R"({"a": 1, "\u0061": 2})") ==
        "a.json:1:10: the key \"a\" is there twice, first at 1:2");
  CHECK(failure(R"([{"a": 1}, {"a": 2}])") == "(read)");
}

TEST_CASE("json: depth and number of values and keys are bounded") {
  CHECK(failure(std::string(32, '[') + std::string(32, ']')) == "(read)");
  CHECK(failure(std::string(33, '[')) == "a.json:1:33: nested more than 32 deep");
  CHECK(failure(std::string(1'000'000, '[')) == "a.json:1:33: nested more than 32 deep");
  std::string many = "[";
  std::string keys = "{";
  for (int i = 0; i < 70'000; ++i) {
    many += "1,";
    keys += "\"" + std::to_string(i) + "\":1,";
  }
  CHECK(failure(many).ends_with(": more than 65536 values"));
  CHECK(failure(keys).ends_with(": a table of more than 4096 keys"));
}
