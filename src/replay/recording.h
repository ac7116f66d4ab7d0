// A recording: what a program wrote and when, read from a file of events or from an answer in the
// Go Playground's form. Must not play it, nor believe a number that it has not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace sb::replay {

// Limit: what is read at all; beyond it there is an error.
inline constexpr std::size_t longest_recording = 256U << 20;

struct Piece {
  std::uint64_t at_ns = 0;  // since the program began; never before that of the piece before it
  bool is_error = false;    // of stderr
  std::string bytes;
};

struct Recording {
  std::vector<Piece> pieces;
  std::string ending;          // why the run was stopped, or failed; else empty
  std::string started;         // UTC, as the events have it; else empty
  std::optional<Error> fault;  // what is wrong behind the pieces: one line with its position
};

// `name`: of the file, for errors. What stands before a fault is kept. Errors: usage.
Recording read_recording(std::string_view text, const std::string& name);

}  // namespace sb::replay
