#include "base/units.h"

#include <array>
#include <utility>

#include <doctest/doctest.h>

using namespace sb;

TEST_CASE("units: durations as people write them") {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 12> good = {{
      {"0", 0},
      {"2", 2'000'000'000},
      {"1.5", 1'500'000'000},
      {"2s", 2'000'000'000},
      {"250ms", 250'000'000},
      {"10us", 10'000},
      {"7ns", 7},
      {"1m30s", 90'000'000'000},
      {"1h", 3'600'000'000'000},
      {"2min", 120'000'000'000},
      {"0.000001s", 1'000},
      {"3650h", 13'140'000'000'000'000},
  }};
  for (const auto& [text, ns] : good) {
    CAPTURE(text);
    REQUIRE(parse_duration_ns(text).has_value());
    CHECK(*parse_duration_ns(text) == ns);
  }
}

TEST_CASE("units: texts that are no duration") {
  for (const std::string_view text :
       {"", "-1", "+1", " 1", "1 ", "1x", "s", "1.", ".5", "1s2", "1e3", "99999999999999999999",
        "9999999h", "18446744073709551615", "1m-30s", "none", "1,5", "0x10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration_ns(text).has_value());
  }
}

TEST_CASE("units: sizes in powers of 1024 and of 1000") {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 13> good = {{
      {"0", 0},
      {"17", 17},
      {"17B", 17},
      {"64K", 65'536},
      {"64KiB", 65'536},
      {"64kB", 64'000},
      {"256M", 268'435'456},
      {"256MiB", 268'435'456},
      {"1.5M", 1'572'864},
      {"1MB", 1'000'000},
      {"1G", 1'073'741'824},
      {"1T", 1'099'511'627'776},
      {"1048576T", 1ULL << 60},
  }};
  for (const auto& [text, bytes] : good) {
    CAPTURE(text);
    REQUIRE(parse_size_bytes(text).has_value());
    CHECK(*parse_size_bytes(text) == bytes);
  }
}

TEST_CASE("units: texts that are no size") {
  for (const std::string_view text :
       {"", "-1", "abc", "99999999T", "1048577T", "1k", "1m", "1 M", "1KB", "1.5", "1.5B", "1MM",
        "0x10", "none", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size_bytes(text).has_value());
  }
}

TEST_CASE("units: unsigned takes digits only") {
  CHECK(parse_unsigned("0") == 0);
  CHECK(parse_unsigned("18446744073709551615") == ~std::uint64_t{0});
  for (const std::string_view text : {"", "-1", "+1", "1x", " 1", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_unsigned(text).has_value());
  }
}

TEST_CASE("units: written back for people") {
  CHECK(format_duration(2'000'000'000) == "2 s");
  CHECK(format_duration(250'000'000) == "250 ms");
  CHECK(format_duration(90'000'000'000) == "1 m 30 s");
  CHECK(format_duration(60'000'000'000) == "1 m");
  // Red: us and seconds cut off what is smaller.
  CHECK(format_duration(1'500) == "1500 ns");
  CHECK(format_duration(1'000'001'000) == "1000001 us");
  CHECK(format_seconds(2'003'118'000) == "2.003 s");
  CHECK(format_size(536'870'912) == "512 MiB");
  CHECK(format_size(1'000) == "1000 bytes");
  CHECK(format_size(0) == "0 bytes");
}
