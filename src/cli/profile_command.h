// `sandbox profile`: list, show, check and explain the policies.
// Must not resolve a profile against this host.
#pragma once

#include "base/error.h"
#include "cli/parser.h"

namespace sb::cli {

// The exit status: 1 where `check` finds an error. Errors: usage, those of load_profile, io_result.
Result<int> profile_command(const ParsedArguments& parsed);

}  // namespace sb::cli
