// `sandbox selftest`: whether the promises hold on this host; exits 1 where one does not.
// Must not try or judge anything: selftest/ does.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "cli/parser.h"

namespace sb::cli {

// `words`: the whole command line, "selftest" first, to start it anew in a scope of the user's.
// Errors: usage, profile.*, host.* and what else keeps any run from starting.
Result<int> selftest_command(const ParsedArguments& parsed, std::span<const std::string> words,
                             const std::string& profile, const std::string& cgroup_parent);

}  // namespace sb::cli
