// Playback headers, whatever they are made of: a stream in parts is the same stream, no byte is
// lost, and the answer in the Playground's form is JSON that says what a plain reading finds.
#include "result/playback.h"

#include <vector>

#include "fuzz/json_check.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "result/output_pieces.h"
#include "result/playground.h"
#include "result/timeline.h"
#include "result/utf8.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::result;

struct Instant {
  std::uint64_t time_ns = 0;
  std::string bytes;
  bool operator==(const Instant&) const = default;
};

struct Decoded {
  std::vector<Instant> instants;
  bool cut = false;
  bool operator==(const Decoded&) const = default;

  void add(std::uint64_t time_ns, std::string_view bytes) {
    if (instants.empty() || instants.back().time_ns != time_ns) {
      instants.push_back({time_ns, {}});
    }
    instants.back().bytes += bytes;
  }
};

std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = value * 256 + static_cast<unsigned char>(c);
  }
  return value;
}

// What the headers of a whole stream mean, read in the plainest way.
Decoded plainly(std::string_view stream) {
  Decoded decoded;
  std::uint64_t now = 0;
  while (!stream.empty()) {
    const std::size_t at = std::min(stream.find(playback_magic), stream.size());
    if (at > 0) {
      decoded.add(now, stream.substr(0, at));
      stream.remove_prefix(at);
      continue;
    }
    if (stream.size() < 16) {
      decoded.cut = true;
      break;
    }
    const auto stamp = static_cast<std::int64_t>(number_of(stream.substr(4, 8)));
    constexpr std::int64_t start = 1'257'894'000'000'000'000;
    now = std::max(now, stamp > start ? static_cast<std::uint64_t>(stamp - start) : 0);
    const std::string_view content = stream.substr(16, number_of(stream.substr(12, 4)));
    decoded.add(now, content);
    stream.remove_prefix(16 + content.size());
  }
  return decoded;
}

Decoded in_parts(std::string_view stream, std::size_t step) {
  PlaybackDecoder decoder;
  Decoded decoded;
  while (!stream.empty()) {
    std::string_view part = stream.substr(0, step);
    stream.remove_prefix(part.size());
    while (const auto piece = decoder.next(part)) {
      decoded.add(piece->time_ns, piece->bytes);
    }
    HOLDS(part.empty());
  }
  const auto rest = decoder.finish();
  decoded.cut = decoder.ended_in_header();
  if (rest && !decoded.cut) {
    decoded.add(rest->time_ns, rest->bytes);
  }
  return decoded;
}

// What the events tell: all bytes of a stream that does not begin with a header, as they are.
void expect_pieces(std::string_view stream, std::size_t step) {
  const bool decodes = stream.starts_with(playback_magic);
  OutputPieces pieces;
  std::string joined;
  std::uint64_t last_ns = 0;
  const OutputPieces::Take take = [&](std::optional<std::uint64_t> time_ns, std::string_view part) {
    HOLDS(!part.empty());
    HOLDS(time_ns.has_value() == decodes);
    HOLDS(time_ns.value_or(0) >= last_ns);
    last_ns = time_ns.value_or(0);
    joined += part;
  };
  for (std::string_view rest = stream; !rest.empty();
       rest.remove_prefix(std::min(step, rest.size()))) {
    pieces.add(rest.substr(0, step), take);
  }
  pieces.finish(take);
  if (!decodes) {
    HOLDS(joined == stream);
    return;
  }
  const Decoded decoded = plainly(stream);
  std::string expected;
  for (const Instant& instant : decoded.instants) {
    expected += instant.bytes;
  }
  HOLDS(decoded.cut ? joined.starts_with(expected) : joined == expected);
}

void expect_answer(std::string_view out, std::string_view err, std::size_t step) {
  Outcome outcome;
  outcome.status = Status::ok;
  outcome.out.data = sb::Bytes(out);
  outcome.err.data = sb::Bytes(err);
  Timeline timeline;
  std::uint64_t time_ns = 0;
  for (std::size_t at = 0; at < std::max(out.size(), err.size()); at += step) {
    timeline.add(false, time_ns, std::min(step, out.size() - std::min(at, out.size())));
    timeline.add(true, ++time_ns, std::min(step, err.size() - std::min(at, err.size())));
  }
  outcome.timeline = timeline.take();
  std::string json;
  const auto sink = [&json](std::string_view part) -> sb::Result<sb::Done> {
    json += part;
    return sb::Done{};
  };
  HOLDS(write_playground(outcome, true, sink, false).has_value());
  HOLDS_FOR(is_json(json) && is_utf8(json), json);
  const bool cut = plainly(out).cut || plainly(err).cut;
  HOLDS_FOR(string_at(json, "Errors") == (cut ? "error decoding events: short header" : ""), json);
  if (out.find(playback_magic) != std::string_view::npos ||
      err.find(playback_magic) != std::string_view::npos) {
    const std::size_t events = plainly(out).instants.size() + plainly(err).instants.size();
    HOLDS_FOR(number_at(json, "Events/" + std::to_string(events) + "/Delay") == std::nullopt, json);
    const std::string last = "Events/" + std::to_string(events - 1) + "/Delay";
    HOLDS_FOR(events == 0 || number_at(json, last).has_value(), json);
    return;
  }
  // Without headers all that is text comes back as it is.
  if (is_utf8(out) && err.empty()) {
    std::string joined;
    for (std::size_t i = 0;; ++i) {
      const auto message = string_at(json, "Events/" + std::to_string(i) + "/Message");
      if (!message) {
        break;
      }
      joined += *message;
    }
    HOLDS_FOR(joined == out, json);
  }
}

}  // namespace

void fuzz_playback(std::string_view bytes) {
  Input input(bytes);
  const std::size_t step = 1 + input.choose(40);
  const std::string_view out = input.take(input.flip() ? input.rest().size() : input.choose(256));
  const std::string_view err = input.rest();
  HOLDS(in_parts(out, step) == plainly(out));
  HOLDS(in_parts(err, err.size() + 1) == plainly(err));
  expect_pieces(out, step);
  expect_pieces(err, step);
  expect_answer(out, err, step);
}

}  // namespace sbfuzz
