#include "replay/asciicast.h"

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "base/units.h"
#include "replay/screen_text.h"
#include "result/json_emitter.h"
#include "result/utf8.h"
#include "result/utf8_pieces.h"

namespace sb::replay {
namespace {

constexpr int columns = 80;
constexpr int rows = 24;

// The second of "2026-11-21T16:00:00.123456Z".
std::optional<std::int64_t> unix_second(std::string_view utc) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  if (utc.size() < form.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool fits = form[i] == 'd' ? utc[i] >= '0' && utc[i] <= '9' : utc[i] == form[i];
    if (!fits) {
      return std::nullopt;
    }
  }
  const auto number = [utc](std::size_t at, std::size_t size) {
    return static_cast<unsigned>(parse_unsigned(utc.substr(at, size)).value_or(0));
  };
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(number(5, 2)),
                                         std::chrono::day(number(8, 2)));
  if (!date.ok()) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return (static_cast<std::int64_t>(days) * 24 + number(11, 2)) * 3600 + number(14, 2) * 60 +
         number(17, 2);
}

std::string json_string(std::string_view text) {
  std::string json;
  result::JsonEmitter emitter(
      [&json](std::string_view part) -> Result<Done> {
        json += part;
        return Done{};
      },
      false);
  emitter.utf8(text);
  (void)emitter.finish();  // Why: a sink of memory can't fail.
  json.pop_back();         // the end of the line
  return json;
}

// Invalid bytes replaced, for `raw`.
std::string replaced(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t size = result::utf8_sequence(bytes);
    text += size == 0 ? "\xEF\xBF\xBD" : bytes.substr(0, size);
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
  return text;
}

// What one stream shows.
class Stream {
 public:
  Stream(const Look& look, bool is_red) : look_(look), is_red_(is_red), safe_(look.colors) {}

  std::string add(std::string_view bytes) {
    if (!look_.raw) {
      return dressed(safe_.add(bytes));
    }
    std::string text;
    pieces_.add(bytes, [&](std::string_view piece) { text += replaced(piece); });
    return dressed(text);
  }

  std::string finish() {
    std::string text = safe_.finish();
    pieces_.finish([&](std::string_view piece) { text += replaced(piece); });
    return dressed(text);
  }

 private:
  std::string dressed(std::string_view text) {
    std::string all;
    for (const char c : text) {
      all += c == '\n' && before_ != '\r' ? "\r" : "";
      all += c;
      before_ = c;
    }
    return is_red_ && !all.empty() ? fmt::format("{}{}{}", red, all, reset) : all;
  }

  Look look_;
  bool is_red_;
  ScreenText safe_;
  result::Utf8Pieces pieces_;
  char before_ = '\0';
};

}  // namespace

Result<Done> write_asciicast(const Recording& recording, const std::vector<std::uint64_t>& due_ns,
                             const Look& look, const result::Sink& sink) {
  const std::optional<std::int64_t> second = unix_second(recording.started);
  CHECK(sink(fmt::format("{{\"version\": 2, \"width\": {}, \"height\": {}{}}}\n", columns, rows,
                         second ? fmt::format(", \"timestamp\": {}", *second) : "")));
  std::array<Stream, 2> streams = {Stream(look, false), Stream(look, look.colors)};
  const auto write = [&sink](std::uint64_t ns, std::string_view text) -> Result<Done> {
    if (text.empty()) {
      return Done{};
    }
    constexpr std::uint64_t second_ns = 1'000'000'000;
    return sink(fmt::format("[{}.{:06}, \"o\", {}]\n", ns / second_ns, ns % second_ns / 1000,
                            json_string(text)));
  };
  std::uint64_t last_ns = 0;
  for (std::size_t i = 0; i < recording.pieces.size(); ++i) {
    const Piece& piece = recording.pieces[i];
    last_ns = due_ns[i];
    CHECK(write(last_ns, streams.at(piece.is_error ? 1 : 0).add(piece.bytes)));
  }
  for (Stream& stream : streams) {
    CHECK(write(last_ns, stream.finish()));
  }
  return Done{};
}

}  // namespace sb::replay
