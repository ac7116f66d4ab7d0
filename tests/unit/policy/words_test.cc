#include "policy/words.h"

#include <array>

#include <doctest/doctest.h>

using namespace sb::policy;

namespace {
constexpr std::array<std::string_view, 4> known = {"limits.memory", "limits.cpu_time", "files.root",
                                                   "go"};
}

TEST_CASE("words: the nearest known name") {
  CHECK(nearest("limits.memry", known) == "limits.memory");
  CHECK(nearest("limits.cputime", known) == "limits.cpu_time");
  CHECK(nearest("file.root", known) == "files.root");
  CHECK(nearest("g0", known) == "go");
}

TEST_CASE("words: nothing is near enough to be meant") {
  CHECK(nearest("quantum", known).empty());
  CHECK(nearest("xy", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest(std::string(1'000'000, 'l'), known).empty());
  CHECK(did_you_mean("quantum", known).empty());
  CHECK(did_you_mean("limits.memry", known) == "; did you mean \"limits.memory\"?");
}

TEST_CASE("words: quotes keep a message on one line") {
  CHECK(in_quotes("plain") == "\"plain\"");
  CHECK(in_quotes("a\nb\x01\xff\"\\") == R"("a\x0ab\x01\xff\"\\")");
  CHECK(in_quotes(std::string(61, 'x')) == '"' + std::string(60, 'x') + "...\"");
}
