#include "result/events.h"

#include "result/json_fields.h"

namespace sb::result {
namespace {

// Writes `event` and `time_ns`, what `rest` adds, and the end of the line.
template <class Rest>
std::string line(std::string_view event, std::uint64_t time_ns, const Rest& rest) {
  std::string text;
  JsonEmitter json(
      [&text](std::string_view bytes) -> Result<Done> {
        text += bytes;
        return Done{};
      },
      false);
  json.begin_object();
  write_text(json, "event", event);
  write_number(json, "time_ns", time_ns);
  rest(json);
  json.end_object();
  (void)json.finish();  // Why: a sink of memory can't fail.
  return text;
}

void write_ending(JsonEmitter& json, std::optional<int> exit_code, std::optional<int> signal) {
  write_integer(json, "exit_code", exit_code);
  write_signal(json, signal);
}

}  // namespace

std::string started_event(std::string_view started_utc, std::uint64_t setup_ns,
                          std::optional<std::int64_t> pid, std::string_view step) {
  return line("started", 0, [&](JsonEmitter& json) {
    write_text(json, "started", started_utc);
    write_number(json, "setup_ns", setup_ns);
    write_integer(json, "pid", pid);
    if (!step.empty()) {
      write_text(json, "step", step);
    }
  });
}

std::string output_event(std::uint64_t time_ns, std::string_view stream, std::string_view bytes) {
  return line(stream, time_ns, [&](JsonEmitter& json) { write_bytes(json, bytes); });
}

std::string violation_event(std::uint64_t time_ns, const Violation& violation) {
  return line("violation", time_ns, [&](JsonEmitter& json) {
    json.key("violation");
    write_violation(json, violation);
  });
}

std::string signal_event(std::uint64_t time_ns, int number) {
  return line("signal", time_ns, [&](JsonEmitter& json) { write_signal(json, number); });
}

std::string freeze_event(std::uint64_t time_ns, std::string_view what) {
  return line(what, time_ns, [](JsonEmitter&) {});
}

std::string exited_event(std::uint64_t time_ns, std::optional<int> exit_code,
                         std::optional<int> signal) {
  return line("exited", time_ns, [&](JsonEmitter& json) { write_ending(json, exit_code, signal); });
}

std::string result_event(const Outcome& outcome) {
  const std::uint64_t time_ns = outcome.clock ? outcome.clock->elapsed_ns : outcome.time.wall_ns;
  return line("result", time_ns, [&](JsonEmitter& json) {
    write_text(json, "status", name_of(outcome.status));
    write_ending(json, outcome.exit_code, outcome.signal);
    write_text_or_null(json, "reason", outcome.reason);
  });
}

}  // namespace sb::result
