#include "selftest/probes/probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"

namespace sb::selftest::probes {
namespace {

struct Probe {
  std::string_view name;
  int (*run)(Arguments);
};

constexpr std::array probes = {
    Probe{"look", look},         Probe{"files", files},
    Probe{"change", change},     Probe{"process_files", process_files},
    Probe{"reach", reach},       Probe{"type", type},
    Probe{"keys", keys},         Probe{"namespaces", namespaces},
    Probe{"call", call},         Probe{"call_i386", call_i386},
    Probe{"call_far", call_far}, Probe{"send", send},
    Probe{"receive", receive},   Probe{"use_up", use_up},
};

constexpr std::size_t most_of_a_file = std::size_t{1} << 16;

// Why: a probe that bombs must do nothing for whoever types its name on the host. Inside, the
// program's parent is pid 1, and the host name is the sandbox's.
bool is_inside() {
  utsname name{};
  return ::getppid() == 1 && ::uname(&name) == 0 && std::strcmp(name.nodename, "sandbox") == 0;
}

}  // namespace

std::optional<int> run_if_asked(int argc, char** argv) {
  if (argc < 3 || std::strcmp(argv[1], word) != 0 || !is_inside()) {
    return std::nullopt;
  }
  const std::vector<std::string> words(argv + 2, argv + argc);
  const auto* const found = std::find_if(
      probes.begin(), probes.end(), [&](const Probe& probe) { return probe.name == words[0]; });
  if (found == probes.end()) {
    return std::nullopt;
  }
  // Why _exit: what ends with a process of ours, such as a search for leaks, may be forbidden here.
  ::_exit(found->run(Arguments(words).subspan(1)));
}

void tell(std::string_view key, std::string_view value) {
  std::string line = std::string(key) + "=" + std::string(value);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  line += '\n';
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(STDOUT_FILENO, line.data() + written, line.size() - written);
    if (n < 0 && errno != EINTR) {
      return;  // Why: nobody reads it; what was not told is not taken for told.
    }
    written += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
}

void tell(std::string_view key, long long value) { tell(key, std::to_string(value)); }

std::string outcome_of(long result) { return result < 0 ? errno_name(errno) : "ok"; }

std::string content_of(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  std::array<char, 4096> buffer{};
  for (ssize_t n = 1; fd >= 0 && n > 0 && text.size() < most_of_a_file;) {
    n = ::read(fd, buffer.data(), buffer.size());
    text.append(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  (void)::close(fd);
  return text;
}

std::string names_in(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) {
    return "?" + errno_name(errno);
  }
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  (void)::closedir(directory);
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

void stay() {
  for (;;) {
    (void)::pause();
  }
}

}  // namespace sb::selftest::probes
