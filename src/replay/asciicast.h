// A recording as asciicast v2, for asciinema and the players that read it.
// Must not write what is no valid JSON, whatever the program wrote.
#pragma once

#include <cstdint>
#include <vector>

#include "replay/recording.h"
#include "result/sink.h"

namespace sb::replay {

struct Look {
  bool colors = true;  // stderr in red, and the program's own
  bool raw = false;    // its control sequences as they are
};

// A header line, then one line for each piece at the time it is due. Players draw what a terminal
// got, so that newlines become CR LF, and bytes that are no UTF-8 are shown, or U+FFFD.
Result<Done> write_asciicast(const Recording& recording, const std::vector<std::uint64_t>& due_ns,
                             const Look& look, const result::Sink& sink);

// How stderr looks, as on the Playground's page.
inline constexpr std::string_view red = "\x1B[31m";
inline constexpr std::string_view reset = "\x1B[0m";

}  // namespace sb::replay
