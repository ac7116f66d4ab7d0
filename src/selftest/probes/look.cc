// What a program is inside, as itself can see it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/split.h"
#include "selftest/probes/probe.h"

namespace sb::selftest::probes {
namespace {

// The text after "NAME:" and a tab.
std::string field(const std::string& status, const std::string& name) {
  const std::size_t at = status.find("\n" + name + ":\t");
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t start = at + name.size() + 3;
  return status.substr(start, status.find('\n', start) - start);
}

void tell_rights() {
  const std::string status = content_of("/proc/self/status");
  std::uint64_t all = 0;
  bool read = true;
  for (const char* const set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    const std::string value = field(status, set);
    read = read && !value.empty();
    all |= value.empty() ? 0 : std::stoull(value, nullptr, 16);
  }
  if (read) {
    tell("capabilities", static_cast<long long>(all));
  }
  tell("no_new_privs", field(status, "NoNewPrivs"));
  tell("seccomp", field(status, "Seccomp"));
  tell("groups", field(status, "Groups"));
}

// "0 1 2": without the one by which the directory itself is read.
void tell_descriptors() {
  const int fd = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::string text;
  for (int number = 0; number < 1024; ++number) {
    if (number != fd && ::fcntl(number, F_GETFD) >= 0) {
      text += (text.empty() ? "" : " ") + std::to_string(number);
    }
  }
  (void)::close(fd);
  tell("descriptors", text);
}

void tell_network() {
  std::string text;
  for (const std::string& line : split(content_of("/proc/net/dev"), '\n')) {
    const std::size_t colon = line.find(':');
    const std::size_t start = line.find_first_not_of(' ');
    if (colon != std::string::npos && start < colon) {
      text += (text.empty() ? "" : " ") + line.substr(start, colon - start);
    }
  }
  tell("interfaces", text);
}

// The processes that /proc shows and that are not this one. The guard of a run is one of them.
void tell_processes() {
  int others = 0;
  for (const std::string& name : split(names_in("/proc"), ' ')) {
    const bool is_number =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    others += is_number && name != std::to_string(::getpid()) ? 1 : 0;
  }
  tell("other_processes", others);
}

void tell_names() {
  utsname name{};
  (void)::uname(&name);
  tell("hostname", name.nodename);
  const std::time_t now = ::time(nullptr);
  std::tm local{};
  (void)::localtime_r(&now, &local);
  tell("utc_offset", local.tm_gmtoff);
  bool own_root = true;
  for (const std::string& line : split(content_of("/proc/self/cgroup"), '\n')) {
    own_root = own_root && line.ends_with(":/");
  }
  tell("groups_are_roots", own_root ? 1 : 0);
}

}  // namespace

int look(Arguments arguments) {
  tell("pid", ::getpid());
  std::array<char, 4096> buffer{};
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  const std::string exe(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  tell("program", exe);
  tell("program_is_there", ::access(exe.c_str(), X_OK) == 0 ? 1 : 0);
  tell("descriptors_listed", names_in("/proc/self/fd"));
  tell_descriptors();
  tell_rights();
  tell("uid", ::getuid());
  tell("gid", ::getgid());
  const mode_t mask = ::umask(022);
  std::array<char, 8> octal{};
  (void)std::snprintf(octal.data(), octal.size(), "%03o", static_cast<unsigned>(mask));
  tell("umask", octal.data());
  rlimit core{};
  (void)::getrlimit(RLIMIT_CORE, &core);
  tell("core", std::to_string(core.rlim_cur) + " " + std::to_string(core.rlim_max));
  tell_names();
  tell_network();
  tell_processes();
  // Why last: a profile may forbid it.
  tell("own_session", ::getsid(0) == ::getpid() ? 1 : 0);
  if (!arguments.empty()) {
    tell("ready", 1);
    stay();
  }
  return 0;
}

}  // namespace sb::selftest::probes
