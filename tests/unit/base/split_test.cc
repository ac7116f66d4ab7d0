#include "base/split.h"

#include <doctest/doctest.h>

using Parts = std::vector<std::string>;

TEST_CASE("split: parts empty ones and the end") {
  CHECK(sb::split("a:b", ':') == Parts{"a", "b"});
  CHECK(sb::split("a::b", ':') == Parts{"a", "", "b"});
  CHECK(sb::split(":a:", ':') == Parts{"", "a"});
  CHECK(sb::split("a", ':') == Parts{"a"});
  CHECK(sb::split("", ':') == Parts{});
  CHECK(sb::split(":", ':') == Parts{""});
}

TEST_CASE("split: the first line") {
  CHECK(sb::first_line("a\nb\n") == "a");
  CHECK(sb::first_line("a") == "a");
  CHECK(sb::first_line("\nb") == "");
  CHECK(sb::first_line("") == "");
}
