// `sandbox run`: one request, one run, one result.
// Must not parse: options.h does; nor judge: supervise does.
#pragma once

#include "cli/options.h"
#include "cli/result_output.h"

namespace sb::cli {

// Returns the exit status of the process (sandbox(1), EXIT STATUS).
int run_command(const RunOptions& options, ResultPlace place);

}  // namespace sb::cli
