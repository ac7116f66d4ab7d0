#include "result/playground.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "result/json_emitter.h"
#include "result/json_fields.h"
#include "result/playback.h"
#include "result/utf8.h"
#include "result/utf8_pieces.h"

namespace sb::result {
namespace {

// Counts what the Playground counts as failed tests: how often this occurs in messages.
class FailureCounter {
 public:
  void begin() { matched_ = 0; }
  void add(std::string_view text) {
    for (const char c : text) {
      while (matched_ > 0 && pattern[matched_] != c) {
        matched_ = matched_ <= dashes ? matched_ - 1 : 0;
      }
      matched_ += pattern[matched_] == c ? 1 : 0;
      if (matched_ == pattern.size()) {
        ++count_;
        matched_ = 0;
      }
    }
  }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr std::string_view pattern = "--- FAIL";
  static constexpr std::size_t dashes = 3;  // of which fewer may begin it anew

  std::size_t matched_ = 0;
  std::uint64_t count_ = 0;
};

// Writes events: begin(), parts of the message, end().
class EventWriter {
 public:
  explicit EventWriter(JsonEmitter& json) : json_(json) {}

  void begin() {
    json_.begin_object();
    json_.key("Message");
    json_.begin_utf8();
    failures_.begin();
  }

  void add(std::string_view bytes) {
    text_.add(bytes, [this](std::string_view piece) { replace_and_write(piece); });
  }

  // Times that go back are no delay, and time does not go back with them.
  void end(bool is_error, std::uint64_t time_ns) {
    text_.finish([this](std::string_view piece) { replace_and_write(piece); });
    json_.end_utf8();
    write_text(json_, "Kind", is_error ? "stderr" : "stdout");
    write_number(json_, "Delay", time_ns > now_ns_ ? time_ns - now_ns_ : 0);
    now_ns_ = std::max(now_ns_, time_ns);
    json_.end_object();
  }

  std::uint64_t failures() const { return failures_.count(); }

 private:
  // Each byte that is no part of a character becomes U+FFFD, as Go's decoder has it.
  void replace_and_write(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t valid = 0;
      while (const std::size_t length = utf8_sequence(bytes.substr(valid))) {
        valid += length;
      }
      json_.utf8_part(bytes.substr(0, valid));
      failures_.add(bytes.substr(0, valid));
      if (valid < bytes.size()) {
        json_.utf8_part("\xEF\xBF\xBD");
        failures_.begin();
        ++valid;
      }
      bytes.remove_prefix(valid);
    }
  }

  JsonEmitter& json_;
  Utf8Pieces text_;
  FailureCounter failures_;
  std::uint64_t now_ns_ = 0;
};

// A stream with playback headers: its events one after the other.
class PlaybackEvents {
 public:
  PlaybackEvents(std::string_view bytes, bool is_error) : rest_(bytes), is_error_(is_error) {
    advance();
  }

  bool has_event() const { return piece_.has_value(); }
  std::uint64_t time_ns() const { return piece_->time_ns; }
  bool ended_in_header() const { return decoder_.ended_in_header(); }

  // All of one instant.
  void write_event(EventWriter& writer) {
    const std::uint64_t instant_ns = time_ns();
    writer.begin();
    for (; piece_ && piece_->time_ns == instant_ns; advance()) {
      writer.add(piece_->bytes);
    }
    writer.end(is_error_, instant_ns);
  }

  void skip_all() {
    while (piece_) {
      advance();
    }
  }

 private:
  void advance() {
    piece_ = decoder_.next(rest_);
    if (!piece_ && !ended_) {
      ended_ = true;
      piece_ = decoder_.finish();
      if (decoder_.ended_in_header()) {
        piece_.reset();
      }
    }
  }

  PlaybackDecoder decoder_;
  std::string_view rest_;
  bool is_error_;
  bool ended_ = false;
  std::optional<PlaybackDecoder::Piece> piece_;
};

// Why of both or none: one stream's stamps mean nothing beside the other's time by the clock.
bool has_playback(const Outcome& outcome) {
  return outcome.out.data.view().find(playback_magic) != std::string_view::npos ||
         outcome.err.data.view().find(playback_magic) != std::string_view::npos;
}

bool ends_in_header(const Outcome& outcome) {
  bool found = false;
  for (const Stream* stream : {&outcome.out, &outcome.err}) {
    PlaybackEvents events(stream->data.view(), false);
    events.skip_all();
    found = found || events.ended_in_header();
  }
  return found;
}

void write_playback(const Outcome& outcome, EventWriter& writer) {
  PlaybackEvents out(outcome.out.data.view(), false);
  PlaybackEvents err(outcome.err.data.view(), true);
  while (out.has_event() || err.has_event()) {
    const bool from_out = out.has_event() && (!err.has_event() || out.time_ns() < err.time_ns());
    (from_out ? out : err).write_event(writer);
  }
}

// What is left of one stream to tell. The start of a character waits for the rest of it.
struct Untold {
  std::string_view bytes;
  std::size_t ready = 0;

  std::string_view take(std::uint64_t size) {
    ready = std::min<std::size_t>(bytes.size(), ready + size);
    const bool is_all = ready == bytes.size();
    const std::size_t told = ready - (is_all ? 0 : utf8_incomplete_tail(bytes.substr(0, ready)));
    const std::string_view taken = bytes.substr(0, told);
    bytes.remove_prefix(told);
    ready -= told;
    return taken;
  }
};

void write_timed(const Outcome& outcome, EventWriter& writer) {
  std::array<Untold, 2> streams = {Untold{outcome.out.data.view()},
                                   Untold{outcome.err.data.view()}};
  for (const OutputChunk& chunk : outcome.timeline) {
    const std::string_view told = streams.at(chunk.is_error ? 1 : 0).take(chunk.size);
    if (!told.empty()) {
      writer.begin();
      writer.add(told);
      writer.end(chunk.is_error, chunk.time_ns);
    }
  }
}

// Why a run was stopped; in the Playground's words where it has some.
std::string errors_of(const Outcome& outcome) {
  switch (outcome.status) {
    case Status::wall_time_limit:
    case Status::cpu_time_limit:
    case Status::virtual_time_limit:
      return "timeout running program";
    case Status::output_limit:
      return "Output too large";
    case Status::memory_limit:
    case Status::file_size_limit:
    case Status::syscall_violation:
    case Status::deadlock:
    case Status::cancelled:
      return outcome.reason;
    case Status::error:
      return outcome.error ? outcome.error->to_line() : outcome.reason;
    case Status::ok:
    case Status::exited:
    case Status::signaled:
      break;
  }
  if (outcome.out.truncated || outcome.err.truncated) {
    return "Output too large";
  }
  return ends_in_header(outcome) ? "error decoding events: short header" : "";
}

}  // namespace

Result<Done> write_playground(const Outcome& outcome, bool is_test, const Sink& sink, bool pretty) {
  JsonEmitter json(sink, pretty);
  EventWriter writer(json);
  json.begin_object();
  write_text(json, "Errors", errors_of(outcome));
  json.key("Events");
  json.begin_array();
  has_playback(outcome) ? write_playback(outcome, writer) : write_timed(outcome, writer);
  json.end_array();
  write_integer(json, "Status", exit_status(outcome));
  write_boolean(json, "IsTest", is_test);
  write_number(json, "TestsFailed", is_test ? writer.failures() : 0);
  json.end_object();
  return json.finish();
}

}  // namespace sb::result
