// The caller's environment, as `run` and `serve` hand it to a profile.
// Must not change it.
#pragma once

#include <string>
#include <vector>

namespace sb::cli {

// "NAME=VALUE" each, without what sandbox itself put there.
std::vector<std::string> callers_environment();

}  // namespace sb::cli
