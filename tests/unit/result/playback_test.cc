#include "unit/result/playback.h"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "result/output_pieces.h"
#include "result/playback.h"

namespace {

using namespace sb::result;
using sbtest::framed;
using sbtest::playback_header;
using sbtest::playback_start;
using namespace std::string_literals;

// The pieces of a stream that comes in parts of `step` bytes, those of one instant together:
// "time:bytes|time:bytes", and "|cut" where it ends in a header.
std::string decoded(std::string_view stream, std::size_t step) {
  PlaybackDecoder decoder;
  std::string text;
  std::uint64_t last_ns = std::numeric_limits<std::uint64_t>::max();
  const auto take = [&](const PlaybackDecoder::Piece& piece) {
    if (piece.time_ns != last_ns) {
      text += (text.empty() ? "" : "|") + std::to_string(piece.time_ns) + ":";
      last_ns = piece.time_ns;
    }
    text += piece.bytes;
  };
  while (!stream.empty()) {
    std::string_view part = stream.substr(0, step);
    stream.remove_prefix(part.size());
    while (const auto piece = decoder.next(part)) {
      take(*piece);
    }
    CHECK(part.empty());
  }
  const auto rest = decoder.finish();
  if (rest && !decoder.ended_in_header()) {
    take(*rest);
  }
  return text + (decoder.ended_in_header() ? "|cut" : "");
}

struct Case {
  const char* what;
  std::string stream;
  std::string expected;
};

const std::vector<Case> cases = {
    {"nothing", "", ""},
    {"no header at all", "plain", "0:plain"},
    {"one frame", framed(0, "one"), "0:one"},
    {"frames of one instant", framed(5, "a") + framed(5, "b"), "5:ab"},
    {"frames of two", framed(5, "a") + framed(7, "b"), "5:a|7:b"},
    {"text before, between and after", "head" + framed(3, "a") + "middle" + framed(4, "b") + "tail",
     "0:head|3:amiddle|4:btail"},
    {"time that goes back", framed(9, "a") + framed(4, "b") + framed(10, "c"), "9:ab|10:c"},
    {"a time before the start", playback_header(playback_start - 1, 1) + "a", "0:a"},
    {"time zero", playback_header(0, 1) + "a", "0:a"},
    {"a negative time", playback_header(0x8000'0000'0000'0000, 1) + "a", "0:a"},
    {"the last time there is", playback_header(0x7FFF'FFFF'FFFF'FFFF, 1) + "a",
     std::to_string(0x7FFF'FFFF'FFFF'FFFF - playback_start) + ":a"},
    {"a frame of no bytes has its instant", framed(3, "") + framed(8, "x"), "3:|8:x"},
    {"more announced than comes", playback_header(playback_start + 2, 100) + "abc", "2:abc"},
    {"four gigabytes announced", playback_header(playback_start + 2, 0xFFFF'FFFF) + "abc", "2:abc"},
    {"a header within what is announced is content", framed(1, framed(2, "x")),
     "1:" + framed(2, "x")},
    {"the magic alone", std::string(playback_magic), "|cut"},
    {"a header that is cut", framed(1, "a") + framed(2, "b").substr(0, 15), "1:a|cut"},
    {"a header and nothing", framed(1, "a") + playback_header(playback_start + 2, 4), "1:a|2:"},
    {"the start of a magic at the end is text", framed(1, "a") + "\0\0P"s, "1:a\0\0P"s},
    {"nearly the magic", "\0\0Px\0\0\0PBy"s, "0:\0\0Px\0|cut"s},
    {"zeros before a header", "\0"s + framed(6, "a"), "0:\0|6:a"s},
    {"many zeros", "\0\0\0\0"s + framed(6, "a"), "0:\0\0\0\0|6:a"s},
};

// The pieces that events tell: "time:bytes|", without a time "-:".
std::string told(const std::vector<std::string>& parts) {
  OutputPieces pieces;
  std::string text;
  const OutputPieces::Take take = [&](std::optional<std::uint64_t> time_ns, std::string_view part) {
    CHECK_FALSE(part.empty());
    text += (time_ns ? std::to_string(*time_ns) : "-") + ":" + std::string(part) + "|";
  };
  for (const std::string& part : parts) {
    pieces.add(part, take);
  }
  pieces.finish(take);
  return text;
}

}  // namespace

// Red: take `time_ns_` as it comes in begin_frame of result/playback.cc; let magic_tail return 0.
TEST_CASE("playback: streams with headers that are whole or cut or garbled") {
  for (const Case& each : cases) {
    INFO(each.what);
    for (const std::size_t step : {1U, 2U, 3U, 5U, 15U, 16U, 17U, 1000U}) {
      INFO(step);
      CHECK(decoded(each.stream, step) == each.expected);
    }
  }
}

// Red: look for the magic anywhere in OutputPieces::add.
TEST_CASE("playback: events take headers out of streams that begin with one and of no other") {
  CHECK(told({framed(0, "a") + framed(0, "b")}) == "0:ab|");
  CHECK(told({framed(0, "a") + framed(7, "b"), framed(7, "c") + "d", framed(9, "")}) ==
        "0:a|7:b|7:cd|");
  CHECK(told({"\0"s, "\0P"s, "B"s + framed(3, "x").substr(4)}) == "3:x|");
  CHECK(told({"head" + framed(3, "x")}) == "-:head" + framed(3, "x") + "|");
  CHECK(told({"\0\0P"s, "x"}) == "-:\0\0Px|"s);
  CHECK(told({"\0\0P"s}) == "-:\0\0P|"s);
  CHECK(told({"", "a", ""}) == "-:a|");
  CHECK(told({}).empty());
}

TEST_CASE("playback: events split no character and lose no byte of a header that was cut") {
  CHECK(told({framed(1, "\xC3") + framed(1, "\xA4z")}) == "1:\xC3\xA4z|");
  CHECK(told({framed(1, "\xC3"), framed(1, "\xA4z")}) == "1:\xC3\xA4z|");
  CHECK(told({framed(1, "\xC3") + framed(2, "\xA4z")}) == "1:\xC3|2:\xA4z|");
  CHECK(told({framed(1, "a") + framed(2, "b").substr(0, 6)}) ==
        "1:a|1:" + framed(2, "b").substr(0, 6) + "|");
}
