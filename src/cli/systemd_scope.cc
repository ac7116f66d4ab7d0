#include "cli/systemd_scope.h"

#include <cstdlib>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::cli {
namespace {

constexpr const char* systemd_run = "/usr/bin/systemd-run";

}  // namespace

void enter_systemd_scope(std::span<const std::string> arguments) {
  const std::string runtime = fmt::format("/run/user/{}", ::getuid());
  const std::optional<std::string> self = sys::read_link("/proc/self/exe");
  if (std::getenv(scope_marker) != nullptr || !self ||
      !sys::stat_path(runtime + "/systemd/private") || !sys::stat_path(systemd_run)) {
    return;
  }
  // Why: environment and directory pass through a scope, as do descriptors: it is started by
  // systemd-run itself, which then becomes us.
  (void)::setenv(scope_marker, "1", 1);
  (void)::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 0);
  std::vector<std::string> words = {systemd_run, "--user",    "--scope",
                                    "--quiet",   "--collect", "--property=Delegate=yes",
                                    "--",        *self};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  (void)::execv(systemd_run, argv.data());
  (void)::unsetenv(scope_marker);
}

}  // namespace sb::cli
