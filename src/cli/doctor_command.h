// `sandbox doctor`: what this host can enforce for this caller, and what would mend the rest.
// Must not change the host, but for --clean.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "cli/parser.h"

namespace sb::cli {

// `words`: the whole command line, "doctor" first, to start it anew in a scope of systemd's.
// `cgroup_parent`: SANDBOX_CGROUP_PARENT, or empty.
// Returns the exit status: 0 where a run with the default limits starts. Errors: usage, host.*,
// io_result.
Result<int> doctor_command(const ParsedArguments& parsed, std::span<const std::string> words,
                           const std::string& cgroup_parent);

}  // namespace sb::cli
