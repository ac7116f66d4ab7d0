// Plays a recording: each piece to stdout or stderr when it is due.
// Must not let a recording command the terminal it is shown on, unless told to.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "replay/asciicast.h"
#include "replay/recording.h"
#include "sys/fd.h"

namespace sb::replay {

struct Screen {
  sys::FdRef output;
  sys::FdRef error;
  sys::FdRef signals;  // as sys::take_signals()
};

// Returns 0 when all was played; the number of a signal to end; SIGPIPE where nobody reads any
// more. Where `output` or `error` is no terminal it gets the exact bytes, whatever `look` says.
// SIGTSTP stops us, and no time passes until SIGCONT. Errors: io_output.
Result<int> play(const Recording& recording, const std::vector<std::uint64_t>& due_ns,
                 const Look& look, const Screen& screen);

}  // namespace sb::replay
