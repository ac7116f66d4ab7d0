#include "replay/recording.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "base/base64.h"
#include "base/units.h"
#include "policy/json_reader.h"
#include "policy/words.h"

namespace sb::replay {
namespace {

using policy::ConfigValue;

// Limit: of one document; a value costs some two hundred bytes.
constexpr std::size_t most_values = 1'000'000;

Error fault_at(const policy::Origin& origin, std::string_view what) {
  return Error(Tag::usage, fmt::format("{}: {}", origin.to_string(), what));
}

Result<ConfigValue> read_value(std::string_view text, const std::string& name, unsigned line) {
  Result<ConfigValue> value =
      policy::read_json(text, {.source = name}, {.most_values = most_values, .first_line = line});
  if (!value) {
    return Error(Tag::usage, value.error().message());
  }
  return value;
}

const ConfigValue* member(const ConfigValue& table, std::string_view key) {
  const auto found =
      std::find_if(table.members.begin(), table.members.end(),
                   [&](const policy::ConfigMember& other) { return other.key.value == key; });
  return found != table.members.end() ? &found->value : nullptr;
}

bool is_null(const ConfigValue* value) {
  return value == nullptr || (value->kind == ConfigValue::Kind::scalar && value->text.empty());
}

// A string; an empty one where there is none, or null.
Result<std::string> text_of(const ConfigValue& table, std::string_view key) {
  const ConfigValue* const value = member(table, key);
  if (is_null(value)) {
    return std::string();
  }
  if (value->kind != ConfigValue::Kind::string) {
    return fault_at(value->origin, fmt::format("\"{}\" is no string", key));
  }
  return value->text;
}

Result<std::uint64_t> nanoseconds_of(const ConfigValue& table, std::string_view key,
                                     bool is_needed) {
  const ConfigValue* const value = member(table, key);
  if (value == nullptr && !is_needed) {
    return std::uint64_t{0};
  }
  if (value == nullptr) {
    return fault_at(table.origin, fmt::format("\"{}\" is missing", key));
  }
  const std::optional<std::uint64_t> number =
      value->kind == ConfigValue::Kind::scalar ? parse_unsigned(value->text) : std::nullopt;
  if (!number) {
    return fault_at(value->origin,
                    fmt::format("\"{}\" is no whole number of nanoseconds from 0 on", key));
  }
  return *number;
}

// `data` and `encoding` of an event.
Result<std::string> bytes_of(const ConfigValue& event) {
  std::string data = TRY(text_of(event, "data"));
  const std::string encoding = TRY(text_of(event, "encoding"));
  if (encoding == "utf-8") {
    return data;
  }
  std::optional<std::string> bytes =
      encoding == "base64" ? decode_base64(data) : std::optional<std::string>();
  if (!bytes) {
    return fault_at(event.origin, "\"data\" is not what \"encoding\" says (utf-8 or base64)");
  }
  return *std::move(bytes);
}

// Whether a program, or its end, was the run's end.
bool ended_by_itself(std::string_view status) {
  return status == "ok" || status == "exited" || status == "signaled";
}

Result<Done> add_event(const ConfigValue& event, std::uint64_t (&last_ns)[2],
                       Recording& recording) {
  const std::string kind = TRY(text_of(event, "event"));
  if (kind == "started") {
    recording.started = TRY(text_of(event, "started"));
  } else if (kind == "result") {
    const std::string status = TRY(text_of(event, "status"));
    recording.ending = ended_by_itself(status) ? std::string() : TRY(text_of(event, "reason"));
  } else if (kind == "stdout" || kind == "stderr") {
    const bool is_error = kind == "stderr";
    const std::uint64_t at_ns = TRY(nanoseconds_of(event, "time_ns", true));
    std::uint64_t& last = last_ns[is_error ? 1 : 0];
    if (at_ns < last) {
      return fault_at(member(event, "time_ns")->origin,
                      fmt::format("the time of {} goes back", kind));
    }
    last = at_ns;
    recording.pieces.push_back({at_ns, is_error, TRY(bytes_of(event))});
  } else if (kind.empty()) {
    return fault_at(event.origin, "no event, which has an \"event\"");
  }
  return Done{};
}

Result<Done> add_lines(std::string_view text, const std::string& name, Recording& recording) {
  std::uint64_t last_ns[2] = {0, 0};
  for (unsigned line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view words = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    const ConfigValue event = TRY(read_value(words, name, line));
    CHECK(add_event(event, last_ns, recording));
  }
  return Done{};
}

Result<Done> add_playground_event(const ConfigValue& event, std::uint64_t& now_ns,
                                  Recording& recording) {
  if (event.kind != ConfigValue::Kind::table) {
    return fault_at(event.origin, "an event is no object");
  }
  const std::uint64_t delay_ns = TRY(nanoseconds_of(event, "Delay", false));
  if (delay_ns > std::numeric_limits<std::uint64_t>::max() - now_ns) {
    return fault_at(event.origin, "the delays together are longer than 584 years");
  }
  now_ns += delay_ns;
  std::string message = TRY(text_of(event, "Message"));
  const std::string kind = TRY(text_of(event, "Kind"));
  recording.pieces.push_back({now_ns, kind == "stderr", std::move(message)});
  return Done{};
}

Result<Done> add_answer(const ConfigValue& answer, const std::string& name, Recording& recording) {
  const ConfigValue* const events = member(answer, "Events");
  if (events == nullptr && member(answer, "Errors") == nullptr) {
    return Error(Tag::usage,
                 fmt::format("{}: no recording: neither lines with an \"event\" nor an object with "
                             "\"Events\"",
                             name));
  }
  recording.ending = TRY(text_of(answer, "Errors"));
  if (std::string vet = TRY(text_of(answer, "VetErrors")); !vet.empty()) {
    recording.pieces.push_back({0, true, std::move(vet)});
  }
  if (is_null(events)) {
    return Done{};
  }
  if (events->kind != ConfigValue::Kind::list) {
    return fault_at(events->origin, "\"Events\" is no list");
  }
  std::uint64_t now_ns = 0;
  for (const ConfigValue& event : events->items) {
    CHECK(add_playground_event(event, now_ns, recording));
  }
  return Done{};
}

// Why by the first line: an answer may stand on one line, and be the whole text, or on many.
Result<Done> add_all(std::string_view text, const std::string& name, Recording& recording) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    return Error(Tag::usage, fmt::format("{}: no recording: it is empty", name));
  }
  const std::size_t line_start = text.rfind('\n', start) + 1;  // npos + 1 is 0
  const Result<ConfigValue> first =
      read_value(text.substr(line_start, text.find('\n', start) - line_start), name, 1);
  if (first && first->kind == ConfigValue::Kind::table && member(*first, "event") != nullptr) {
    return add_lines(text, name, recording);
  }
  const ConfigValue answer = TRY(read_value(text, name, 1));
  return add_answer(answer, name, recording);
}

}  // namespace

Recording read_recording(std::string_view text, const std::string& name) {
  Recording recording;
  if (Result<Done> done = add_all(text, name, recording); !done) {
    recording.fault = std::move(done).error();
  }
  // Why: the streams of a program with playback headers have one clock and come one after the
  // other (decisions 0035). At equal times the order of the file is that in which both were read.
  std::stable_sort(recording.pieces.begin(), recording.pieces.end(),
                   [](const Piece& one, const Piece& other) { return one.at_ns < other.at_ns; });
  return recording;
}

}  // namespace sb::replay
