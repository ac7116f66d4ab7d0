// Recordings, whatever a file holds: pieces in order of time or a fault on one line with its place;
// what a terminal gets commands nothing; an asciicast is JSON.
#include "replay/recording.h"

#include "fuzz/json_check.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "replay/asciicast.h"
#include "replay/schedule.h"
#include "replay/screen_text.h"
#include "result/utf8.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::replay;

void expect_due(const Recording& recording, const Pace& pace) {
  const std::vector<std::uint64_t> due_ns = schedule(recording.pieces, pace);
  HOLDS(due_ns.size() == recording.pieces.size());
  std::uint64_t last_ns = 0;
  for (const std::uint64_t each : due_ns) {
    HOLDS(each >= last_ns && each <= 1ULL << 62U);
    HOLDS(!pace.longest_delay_ns || each - last_ns <= *pace.longest_delay_ns);
    last_ns = each;
  }
}

// Without colours, a terminal gets no escape sequence but the one for a form feed.
void expect_safe(std::string_view bytes, std::size_t step) {
  ScreenText in_parts(false);
  ScreenText whole(false);
  std::string shown;
  for (std::string_view rest = bytes; !rest.empty();
       rest.remove_prefix(std::min(step, rest.size()))) {
    shown += in_parts.add(rest.substr(0, step));
  }
  shown += in_parts.finish();
  std::string at_once = whole.add(bytes);
  at_once += whole.finish();
  HOLDS_FOR(shown == at_once, shown);
  HOLDS_FOR(sb::result::is_utf8(shown), shown);
  constexpr std::string_view clear = "\x1B[H\x1B[2J";
  for (std::size_t at = shown.find(clear); at != std::string::npos; at = shown.find(clear)) {
    shown.erase(at, clear.size());
  }
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const auto c = static_cast<unsigned char>(shown[at]);
    const bool is_layout = c == '\n' || c == '\t' || c == '\r' || c == '\b';
    HOLDS_FOR(is_layout || (c >= 0x20 && c != 0x7F), shown);
    HOLDS_FOR(c != 0xC2 || static_cast<unsigned char>(shown[at + 1]) >= 0xA0, shown);
  }
}

void expect_asciicast(const Recording& recording, const Look& look) {
  std::string text;
  const auto sink = [&text](std::string_view part) -> sb::Result<sb::Done> {
    text += part;
    return sb::Done{};
  };
  HOLDS(write_asciicast(recording, schedule(recording.pieces, {}), look, sink).has_value());
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    HOLDS_FOR(end != std::string_view::npos && is_json(rest.substr(0, end)), text);
    rest.remove_prefix(end + 1);
  }
  HOLDS_FOR(sb::result::is_utf8(text), text);
}

}  // namespace

void fuzz_recording(std::string_view bytes) {
  const Recording recording = read_recording(bytes, "f");
  if (recording.fault) {
    expect_clear(*recording.fault);
    HOLDS(recording.fault->message().starts_with("f:"));
  }
  std::uint64_t last_ns = 0;
  for (const Piece& piece : recording.pieces) {
    HOLDS(piece.at_ns >= last_ns);
    last_ns = piece.at_ns;
  }
  expect_due(recording, {});
  expect_due(recording, {.speed = 0.001, .longest_delay_ns = 1'000});
  expect_due(recording, {.speed = 1'000'000});
  expect_asciicast(recording, {});
  expect_asciicast(recording, {.colors = false, .raw = true});
  Input input(bytes);
  const std::size_t step = 1 + input.choose(9);
  expect_safe(input.rest(), step);
}

}  // namespace sbfuzz
