#include "cli/environment.h"

#include <string_view>

#include <unistd.h>

#include "cli/systemd_scope.h"

namespace sb::cli {

std::vector<std::string> callers_environment() {
  std::vector<std::string> environment;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    // Why: our own mark is no part of the caller's environment.
    if (!std::string_view(*entry).starts_with(scope_marker)) {
      environment.emplace_back(*entry);
    }
  }
  return environment;
}

}  // namespace sb::cli
