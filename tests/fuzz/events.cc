// Events and the JSON writer: whatever the bytes, each line is JSON and gives the bytes back.
#include "result/events.h"

#include "base/base64.h"
#include "fuzz/json_check.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "result/json.h"
#include "result/json_emitter.h"
#include "result/text.h"
#include "result/utf8.h"
#include "result/utf8_pieces.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::result;

// `data` of a document, decoded as `encoding` says.
std::string data_of(const std::string& json, const std::string& prefix) {
  const auto data = string_at(json, prefix + "data");
  const auto encoding = string_at(json, prefix + "encoding");
  HOLDS_FOR(data && encoding, json);
  if (*encoding == "utf-8") {
    return *data;
  }
  HOLDS_FOR(*encoding == "base64", json);
  const auto bytes = sb::decode_base64(*data);
  HOLDS_FOR(bytes.has_value(), json);
  return *bytes;
}

bool is_safe_line(const std::string& json) {
  const bool one_line = json.ends_with('\n') && json.find('\n') == json.size() - 1;
  // Nothing that a terminal would obey: what is left after the line's end is visible as it is.
  return one_line && is_json(json) && is_utf8(json) &&
         visible(json.substr(0, json.size() - 1)) == json.substr(0, json.size() - 1);
}

void expect_event(std::string_view bytes, std::uint64_t time_ns) {
  const std::string line = output_event(time_ns, "stdout", bytes);
  HOLDS_FOR(is_safe_line(line), line);
  HOLDS_FOR(data_of(line, "") == bytes, line);
  HOLDS_FOR(string_at(line, "encoding") == (is_utf8(bytes) ? "utf-8" : "base64"), line);
  HOLDS_FOR(number_at(line, "time_ns") == time_ns, line);
}

// A stream in parts of any size: pieces give the stream back, and never cut a character that is
// whole in it.
void expect_pieces(Input input) {
  Utf8Pieces pieces;
  std::string whole;
  std::string joined;
  bool all_text = true;
  const auto take = [&](std::string_view piece) {
    HOLDS(!piece.empty());
    all_text = all_text && is_utf8(piece);
    const std::string line = output_event(0, "stderr", piece);
    joined += data_of(line, "");
  };
  while (!input.empty()) {
    const std::string_view part = input.take(1 + input.choose(9));
    whole += part;
    pieces.add(part, take);
    HOLDS(whole.size() - joined.size() <= 3);
  }
  pieces.finish(take);
  HOLDS(joined == whole);
  HOLDS(!is_utf8(whole) || all_text);
}

void expect_texts(std::string_view bytes) {
  const std::string text(bytes);
  Violation violation{.syscall = text,
                      .number = 1,
                      .arch = text,
                      .args = {text, ""},
                      .action = "killed",
                      .pid = 2,
                      .comm = text,
                      .exe = text,
                      .why = text};
  const std::string line = violation_event(1, violation);
  HOLDS_FOR(is_safe_line(line), line);
  const auto name = string_at(line, "violation/syscall");
  HOLDS_FOR(name.has_value() && is_utf8(*name), line);
  HOLDS_FOR(!is_utf8(bytes) || *name == bytes, line);
}

void expect_result(std::string_view bytes, bool pretty, int signal) {
  Outcome outcome;
  outcome.status = Status::signaled;
  outcome.signal = signal;
  outcome.reason = bytes.substr(0, 100);
  outcome.out.data = sb::Bytes(bytes);
  outcome.out.bytes = bytes.size();
  outcome.warnings.emplace_back(bytes.substr(0, 50));
  outcome.error = sb::Error(sb::Tag::internal, std::string(bytes.substr(0, 50)), signal);
  std::string json;
  const auto sink = [&json](std::string_view part) -> sb::Result<sb::Done> {
    json += part;
    return sb::Done{};
  };
  HOLDS(write_json(outcome, sink, pretty).has_value());
  HOLDS_FOR(is_json(json) && is_utf8(json), json);
  HOLDS(pretty || is_safe_line(json));
  HOLDS_FOR(data_of(json, "stdout/") == bytes, json);
  json.clear();
  HOLDS(write_text(outcome, sink).has_value());
  HOLDS_FOR(json.find('\x1b') == std::string::npos && json.find('\0') == std::string::npos, json);
  json.clear();
  HOLDS(write_isolate(outcome, sink).has_value());
}

}  // namespace

void fuzz_events(std::string_view bytes) {
  Input input(bytes);
  const std::uint64_t time_ns = input.number();
  const int signal = static_cast<int>(input.number(1));
  const bool pretty = input.flip();
  expect_event(input.rest(), time_ns);
  expect_texts(input.rest());
  expect_result(input.rest(), pretty, signal);
  expect_pieces(input);
  const std::string shown = visible(input.rest());
  HOLDS(is_utf8(shown) && visible(shown) == shown);
}

}  // namespace sbfuzz
