// `sandbox serve`: from its options to a server.
// Must not know what a request says.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "cli/options.h"
#include "cli/parser.h"

namespace sb::cli {

// The exit status. Errors: usage, serve.listen, those of the host's probe.
Result<int> serve_command(const ParsedArguments& parsed, std::span<const std::string> words,
                          const Caller& caller);

}  // namespace sb::cli
