// `sandbox profile`: list and show the policies.
// Must not resolve a profile against this host.
#pragma once

#include <span>
#include <string>

#include "base/error.h"

namespace sb::cli {

// `arguments` follow the word "profile". Errors: usage, those of load_profile, io_result.
Result<Done> profile_command(std::span<const std::string> arguments);

}  // namespace sb::cli
