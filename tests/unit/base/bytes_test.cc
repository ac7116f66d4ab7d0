#include "base/bytes.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

using sb::Bytes;

TEST_CASE("bytes: what was added is there in order") {
  Bytes bytes;
  CHECK(bytes.empty());
  CHECK(bytes.view().empty());
  CHECK(bytes.append(""));
  CHECK(bytes.append("one"));
  CHECK(bytes.append(std::string_view("\0two", 4)));
  CHECK(bytes.view() == std::string_view("one\0two", 7));
}

TEST_CASE("bytes: grows over many sizes and keeps all") {
  Bytes bytes;
  std::string expected;
  for (std::size_t size = 1; size < 400'000; size = size * 3 + 1) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    char* const end = bytes.room(size);
    REQUIRE(end != nullptr);
    std::copy(part.begin(), part.end(), end);
    bytes.grew(size);
    expected += part;
  }
  CHECK((bytes.view() == expected));
}

TEST_CASE("bytes: room that was not used adds nothing") {
  Bytes bytes("kept");
  REQUIRE(bytes.room(1 << 20) != nullptr);
  CHECK(bytes.view() == "kept");
  bytes.grew(0);
  CHECK(bytes.size() == 4);
}

TEST_CASE("bytes: a move leaves an empty one") {
  Bytes from("text");
  Bytes to = std::move(from);
  CHECK(to.view() == "text");
  CHECK(from.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  from = std::move(to);
  CHECK(from.view() == "text");
}

// ASan ends the program where it can't give what was asked for.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("bytes: more than there is memory for is refused and loses nothing") {
  Bytes bytes("text");
  CHECK(bytes.room(SIZE_MAX / 2 - (1 << 20)) == nullptr);
  CHECK(bytes.view() == "text");
}
#endif
