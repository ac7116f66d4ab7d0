// Where `--events` goes, and the last line there.
// Must not know what other lines say: supervise tells them.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/options.h"
#include "result/outcome.h"
#include "sys/fd.h"

namespace sb::cli {

struct EventsPlace {
  sys::Fd fd;           // invalid without --events
  std::string warning;  // of a file that the program may write to; else empty
};

// Opens the destination: a file is emptied; of a descriptor it is a copy, so that it may also be
// one of ours. Errors: io_result.
Result<EventsPlace> open_events(const RunOptions& options, const sys::Doubtful& doubtful);

// Tells the outcome. Gives up on a reader that does not read once `signals` brings one to end.
void tell_result(sys::FdRef events, sys::FdRef signals, const result::Outcome& outcome);

}  // namespace sb::cli
