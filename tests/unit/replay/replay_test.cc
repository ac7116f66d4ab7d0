#include "replay/asciicast.h"
#include "replay/recording.h"
#include "replay/schedule.h"
#include "replay/screen_text.h"

#include <string>
#include <vector>

#undef CHECK
#include <doctest/doctest.h>

namespace {

using namespace sb;
using namespace sb::replay;

// "o5:text|e7:text|", then the ending, then the fault.
std::string read(std::string_view text) {
  const Recording recording = read_recording(text, "f");
  std::string shown;
  for (const Piece& piece : recording.pieces) {
    shown += (piece.is_error ? "e" : "o") + std::to_string(piece.at_ns) + ":" + piece.bytes + "|";
  }
  shown += recording.ending;
  return shown + (recording.fault ? "!" + recording.fault->message() : "");
}

std::string event(const std::string& kind, const std::string& time, const std::string& data,
                  const std::string& encoding = "utf-8") {
  return R"({"event":")" + kind + R"(","time_ns":)" + time + R"(,"data":")" + data +
         R"(","encoding":")" + encoding + "\"}\n";
}

std::string screen(const std::vector<std::string>& parts, bool colors = true) {
  ScreenText text(colors);
  std::string shown;
  for (const std::string& part : parts) {
    shown += text.add(part);
  }
  return shown + text.finish();
}

std::vector<std::uint64_t> due(const std::vector<std::uint64_t>& times, const Pace& pace) {
  std::vector<Piece> pieces;
  for (const std::uint64_t at_ns : times) {
    pieces.push_back({at_ns, false, "x"});
  }
  return schedule(pieces, pace);
}

std::string cast(const Recording& recording, const Look& look) {
  std::string text;
  const auto sink = [&text](std::string_view part) -> Result<Done> {
    text += part;
    return Done{};
  };
  REQUIRE(write_asciicast(recording, schedule(recording.pieces, {}), look, sink));
  return text;
}

using Times = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("recording: lines of events") {
  CHECK(read(event("started", "0", "") + event("stdout", "5", "a\\n") + "\n" +
             event("stderr", "5", "//4=", "base64") + R"({"event":"later","time_ns":9})" + "\n" +
             R"({"event":"result","time_ns":9,"status":"exited","reason":"exited with 3"})") ==
        "o5:a\n|e5:\xFF\xFE|");
  CHECK(read(event("stdout", "5", "a") +
             R"({"event":"result","time_ns":9,"status":"wall_time_limit","reason":"too long"})") ==
        "o5:a|too long");
  // Of a program with playback headers one stream comes after the other.
  CHECK(read(event("stdout", "1", "a") + event("stdout", "3", "c") + event("stderr", "2", "b") +
             event("stderr", "3", "d")) == "o1:a|e2:b|o3:c|e3:d|");
}

TEST_CASE("recording: answers of the Playground") {
  CHECK(read(R"({"Errors":"","Events":[{"Message":"a","Kind":"stdout","Delay":5},)"
             R"({"Message":"b","Kind":"stderr","Delay":2}],"Status":0,"VetOK":true})") ==
        "o5:a|e7:b|");
  CHECK(read("{\n  \"Events\": null,\n  \"Errors\": \"prog.go:3: no\"\n}") == "prog.go:3: no");
  CHECK(read(R"({"Events":[{"Message":"a"}],"VetErrors":"vet\n"})") == "e0:vet\n|o0:a|");
}

// Red: let nanoseconds_of read numbers with strtoull; leave `last` out of add_event.
TEST_CASE("recording: hostile numbers and what is no recording are told with their place") {
  const std::string whole = " is no whole number of nanoseconds from 0 on";
  for (const char* number :
       {"-1", "1e300", "1.5", "18446744073709551616", "true", "null", "[]", "\"7\""}) {
    INFO(number);
    CHECK(read(event("stdout", "5", "a") + event("stdout", number, "b")) ==
          "o5:a|!f:2:29: \"time_ns\"" + whole);
    CHECK(read(R"({"Events":[{"Message":"q","Delay":1},{"Message":"a","Delay":)" +
               std::string(number) + "}]}") == "o1:q|!f:1:61: \"Delay\"" + whole);
  }
  CHECK(read(event("stdout", "5", "a") + event("stdout", "4", "b")) ==
        "o5:a|!f:2:29: the time of stdout goes back");
  CHECK(read(event("stdout", "18446744073709551615", "a")) == "o18446744073709551615:a|");
  CHECK(read(R"({"Events":[{"Delay":18446744073709551615},{"Delay":1}]})") ==
        "o18446744073709551615:|!f:1:43: the delays together are longer than 584 years");
  CHECK(read(event("stdout", "5", "a") + R"({"event":"stdout","time)") ==
        "o5:a|!f:2:24: the text ends before the document does");
  CHECK(read(event("stdout", "5", "a") + "\x01\xFF\n") == "o5:a|!f:2:1: no JSON from here on");
  CHECK(read(event("stdout", "5", "?", "base64")).starts_with("!f:1:1: \"data\" is not what"));
  CHECK(read("").starts_with("!f: no recording"));
  CHECK(read("[1]").starts_with("!f: no recording"));
  CHECK(read(R"({"schema":"sandbox.result/v1"})").starts_with("!f: no recording"));
  CHECK(read(R"({"Events":7})") == "!f:1:11: \"Events\" is no list");
  CHECK(read(R"({"Events":[7]})") == "!f:1:12: an event is no object");
}

TEST_CASE("schedule: delays keep their sum at any speed") {
  CHECK(due({5, 7, 7, 1'000}, {}) == Times{5, 7, 7, 1'000});
  CHECK(due({100, 200}, {.speed = 4}) == Times{25, 50});
  CHECK(due({100, 200}, {.speed = 0.5}) == Times{200, 400});
  CHECK(due({5, 1'000, 1'001}, {.longest_delay_ns = 10}) == Times{5, 15, 16});
  CHECK(due({5, 1'000}, {.longest_delay_ns = 0}) == Times{0, 0});
  CHECK(due({1'000, 2'000}, {.speed = 10, .longest_delay_ns = 50}) == Times{50, 100});
  const Times endless = due({1ULL << 63U, ~0ULL}, {.speed = 0.001});
  CHECK(endless == Times{1ULL << 62U, 1ULL << 62U});
}

// Red: let escape_part pass any final byte.
TEST_CASE("screen text: colours pass and every other control sequence is shown") {
  CHECK(screen({"plain \xC3\xA4\xE2\x82\xAC\n\t\r\b"}) == "plain \xC3\xA4\xE2\x82\xAC\n\t\r\b");
  CHECK(screen({"\x1B[1;31mred\x1B[0m\x1B[m\x1B[38:5:1m"}) ==
        "\x1B[1;31mred\x1B[0m\x1B[m\x1B[38:5:1m");
  CHECK(screen({"\x1B[1;31mred\x1B[0m"}, false) == "red");
  CHECK(screen({"\x1B]0;title\x07"}) == "\\x1B]0;title\\x07");
  CHECK(screen({"\x1B]52;c;aGk=\x1B\\"}) == "\\x1B]52;c;aGk=\\x1B\\");
  CHECK(screen({"\x1B[2J\x1B[6n\x1B[?1049h\x1B[>4m\x1B"
                "c\x1BP"}) ==
        "\\x1B[2J\\x1B[6n\\x1B[?1049h\\x1B[>4m\\x1B"
        "c\\x1BP");
  CHECK(screen({"\x1B[" + std::string(100, '1') + "m"}) == "\\x1B[" + std::string(100, '1') + "m");
  CHECK(screen({std::string("a\0\x07\x7F\v", 5)}) == "a\\x00\\x07\\x7F\\x0B");
  CHECK(screen({"\xC2\x9B"
                "2J\x9B"
                "2J\xFF\xC3"}) == "\\xC2\\x9B2J\\x9B2J\\xFF\\xC3");
  CHECK(screen({"a\fb"}) == "a\x1B[H\x1B[2Jb");
}

TEST_CASE("screen text: sequences may be cut anywhere") {
  const std::string whole = "\x1B[1;31mr\xE2\x82\xAC\x1B]0;x\x07\x1B[0m\x1B";
  const std::string shown = screen({whole});
  CHECK(shown == "\x1B[1;31mr\xE2\x82\xAC\\x1B]0;x\\x07\x1B[0m\\x1B");
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    CHECK(screen({whole.substr(0, at), whole.substr(at)}) == shown);
  }
  std::vector<std::string> bytes;
  for (const char c : whole) {
    bytes.emplace_back(1, c);
  }
  CHECK(screen(bytes) == shown);
}

TEST_CASE("asciicast: a header and an event for each piece that shows something") {
  Recording recording;
  recording.started = "2009-11-10T23:00:00.000000Z";
  recording.pieces = {{0, false, "a\n\xC3"},
                      {1'500'000'000, true, "\x1B[2J\r\n"},
                      {1'500'000'001, false, "\xA4"},
                      {2'000'000'000, false, "\xFF"}};
  const std::string header =
      "{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1257894000}\n";
  CHECK(cast(recording, {}) == header +
                                   "[0.000000, \"o\", \"a\\r\\n\"]\n"
                                   "[1.500000, \"o\", \"\\u001b[31m\\\\x1B[2J\\r\\n\\u001b[0m\"]\n"
                                   "[1.500000, \"o\", \"\xC3\xA4\"]\n"
                                   "[2.000000, \"o\", \"\\\\xFF\"]\n");
  CHECK(cast(recording, {.colors = false, .raw = true}) ==
        header +
            "[0.000000, \"o\", \"a\\r\\n\"]\n"
            "[1.500000, \"o\", \"\\u001b[2J\\r\\n\"]\n"
            "[1.500000, \"o\", \"\xC3\xA4\"]\n"
            "[2.000000, \"o\", \"\xEF\xBF\xBD\"]\n");
  for (const char* started : {"", "yesterday", "2009-13-40T23:00:00Z"}) {
    recording.started = started;
    CHECK(cast(recording, {}).starts_with("{\"version\": 2, \"width\": 80, \"height\": 24}\n"));
  }
}
