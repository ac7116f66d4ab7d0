// Run by the build: writes the completion scripts into DIRECTORY, under the names that shells load.
#include <cstdio>
#include <string>

#include <fmt/core.h>

#include "completions/completions.h"
#include "policy/profile.h"

namespace {

bool write_file(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return false;
  }
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: make_completions DIRECTORY\n");
    return 2;
  }
  const std::string directory = argv[1];
  const std::vector<std::string> profiles = sb::policy::builtin_profile_names();
  const bool written =
      write_file(directory + "/sandbox", sb::completions::bash_script(profiles)) &&
      write_file(directory + "/_sandbox", sb::completions::zsh_script(profiles)) &&
      write_file(directory + "/sandbox.fish", sb::completions::fish_script(profiles));
  if (!written) {
    std::perror("make_completions");
    return 1;
  }
  return 0;
}
