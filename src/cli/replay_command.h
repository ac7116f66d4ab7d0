// `sandbox replay FILE`: plays what a run wrote with its delays, or writes it as asciicast.
// Must not know how a recording is read or played: replay/ does.
#pragma once

#include "base/error.h"
#include "cli/parser.h"

namespace sb::cli {

// Exits 0 when all was played, 2 where the recording has a fault, after what came before it.
// Errors: usage, io_output, io_result.
Result<int> replay_command(ParsedArguments&& parsed);

}  // namespace sb::cli
