// Events: what a run tells while it happens, one JSON object a line (packaging/events.schema.json).
// Must not decide what is told, or when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "result/outcome.h"

namespace sb::result {

// `time_ns` in all: wall time of the program as its limit counts it, or what a virtual clock has
// gone; 0 before its start. Each returns a line with its end.

// `pid`: of the program's first process, as the caller sees it. `step`: empty where it is the only
// program.
std::string started_event(std::string_view started_utc, std::uint64_t setup_ns,
                          std::optional<std::int64_t> pid, std::string_view step = "");
// `stream`: "stdout" or "stderr".
std::string output_event(std::uint64_t time_ns, std::string_view stream, std::string_view bytes);
std::string violation_event(std::uint64_t time_ns, const Violation& violation);
// A signal that came from the caller.
std::string signal_event(std::uint64_t time_ns, int number);
// `what`: "frozen" or "thawed".
std::string freeze_event(std::uint64_t time_ns, std::string_view what);
std::string exited_event(std::uint64_t time_ns, std::optional<int> exit_code,
                         std::optional<int> signal);
// The last one, also of a run that never started.
std::string result_event(const Outcome& outcome);

}  // namespace sb::result
