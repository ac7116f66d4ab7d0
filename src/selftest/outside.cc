#include "selftest/outside.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/split.h"
#include "sys/files.h"

namespace sb::selftest {
namespace {

// Limit: a file of /proc about one process.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

std::string content_of(const std::string& path) { return sys::read_file(path, most_bytes).data; }

// The words after "NAME:" in a file such as /proc/PID/status, one blank between two.
std::string field(const std::string& text, const std::string& name) {
  const std::string start = fmt::format("{}:", name);
  const std::size_t before = text.find(fmt::format("\n{}", start));
  if (before == std::string::npos && !text.starts_with(start)) {
    return "";
  }
  std::string line = text.substr((text.starts_with(start) ? 0 : before + 1) + start.size());
  line.erase(std::min(line.find('\n'), line.size()));
  std::replace(line.begin(), line.end(), '\t', ' ');
  const std::size_t first = line.find_first_not_of(' ');
  const std::size_t last = line.find_last_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first, last - first + 1);
}

bool is_below(pid_t ancestor, std::string pid, const std::map<std::string, std::string>& parents) {
  for (int depth = 0; depth < 8; ++depth) {
    const auto found = parents.find(pid);
    if (found == parents.end()) {
      return false;
    }
    pid = found->second;
    if (pid == std::to_string(ancestor)) {
      return true;
    }
  }
  return false;
}

// "/proc/NUMBER", or empty.
std::string find_program(pid_t supervisor, const std::string& pid_inside) {
  const sys::OpenResult proc = sys::open_path("/proc", O_RDONLY | O_DIRECTORY);
  std::map<std::string, std::string> parents;
  std::vector<std::string> candidates;
  for (const std::string& name : sys::list_directory(proc.fd.ref()).names) {
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const std::string status = content_of(fmt::format("/proc/{}/status", name));
    parents[name] = field(status, "PPid");
    if (field(status, "NSpid").ends_with(fmt::format(" {}", pid_inside))) {
      candidates.push_back(name);
    }
  }
  for (const std::string& name : candidates) {
    if (is_below(supervisor, name, parents)) {
      return fmt::format("/proc/{}", name);
    }
  }
  return "";
}

std::string all_capabilities(const std::string& status) {
  unsigned long long all = 0;
  for (const char* const set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    all |= std::strtoull(field(status, set).c_str(), nullptr, 16);
  }
  return std::to_string(all);
}

// Kernel: the numbers of /proc/PID/fd need the right to trace; absent where we lack it.
std::string descriptors_of(const std::string& folder) {
  const sys::OpenResult directory = sys::open_path(folder + "/fd", O_RDONLY | O_DIRECTORY);
  std::vector<std::string> names = sys::list_directory(directory.fd.ref()).names;
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", name);
  }
  return text;
}

// "1 1" of the line "Max core file size  1  1  bytes".
std::string core_limit(const std::string& folder) {
  for (const std::string& line : split(content_of(folder + "/limits"), '\n')) {
    if (line.starts_with("Max core file size")) {
      std::vector<std::string> words = split(line, ' ');
      std::erase(words, "");
      return words.size() > 5 ? fmt::format("{} {}", words[4], words[5]) : "";
    }
  }
  return "";
}

// Field 6 of /proc/PID/stat; the name before it stands in brackets and may hold anything.
std::string session_of(const std::string& folder) {
  const std::string stat = content_of(folder + "/stat");
  const std::size_t bracket = stat.rfind(')');
  const std::vector<std::string> words =
      bracket == std::string::npos ? std::vector<std::string>() : split(stat.substr(bracket), ' ');
  return words.size() > 4 ? words[4] : "";
}

template <class Address>
sys::Fd listen_on(int family, Address& address, socklen_t size) {
  sys::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Safety: the kernel reads and writes as much as it is told.
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t room = sizeof address;
  if (::bind(fd.number(), name, size) != 0 || ::listen(fd.number(), 8) != 0 ||
      ::getsockname(fd.number(), name, &room) != 0) {
    fd.reset();
  }
  return fd;
}

}  // namespace

Facts facts_of_program(pid_t supervisor, const std::string& pid_inside) {
  const std::string folder = find_program(supervisor, pid_inside);
  Facts facts;
  if (folder.empty()) {
    return facts;
  }
  const std::string status = content_of(folder + "/status");
  facts["capabilities"] = all_capabilities(status);
  facts["no_new_privs"] = field(status, "NoNewPrivs");
  facts["seccomp"] = field(status, "Seccomp");
  facts["uids"] = field(status, "Uid");
  facts["gids"] = field(status, "Gid");
  facts["groups"] = field(status, "Groups");
  facts["umask"] = fmt::format("{:03o}", std::strtoul(field(status, "Umask").c_str(), nullptr, 8));
  facts["descriptors"] = descriptors_of(folder);
  facts["core"] = core_limit(folder);
  const bool leads = session_of(folder) == folder.substr(sizeof "/proc/" - 1);
  facts["own_session"] = fmt::format("{}", leads ? 1 : 0);
  facts["mountinfo"] = content_of(folder + "/mountinfo");
  facts["cgroup"] = content_of(folder + "/cgroup");
  for (const char* const name : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    facts[std::string("ns ") + name] = sys::read_link(folder + "/ns/" + name).value_or("");
  }
  return facts;
}

Listeners::Listeners() : name_(fmt::format("sandbox.selftest.{}", ::getpid())) {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  tcp_ = listen_on(AF_INET, here, sizeof here);
  port_ = ntohs(here.sin_port);
  sockaddr_un abstract{};
  abstract.sun_family = AF_UNIX;
  std::memcpy(abstract.sun_path + 1, name_.data(), name_.size());
  local_ = listen_on(AF_UNIX, abstract,
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size()));
}

bool Listeners::were_reached() const {
  std::array<pollfd, 2> pollers = {{{.fd = tcp_.number(), .events = POLLIN, .revents = 0},
                                    {.fd = local_.number(), .events = POLLIN, .revents = 0}}};
  return ::poll(pollers.data(), pollers.size(), 0) > 0;
}

Terminal::Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  if (!master_.valid() || ::grantpt(master_.number()) != 0 || ::unlockpt(master_.number()) != 0) {
    return;
  }
  std::array<char, 64> name{};
  if (::ptsname_r(master_.number(), name.data(), name.size()) == 0) {
    slave_ = sys::Fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
}

int Terminal::typed() const {
  int bytes = -1;
  return ::ioctl(slave_.number(), FIONREAD, &bytes) == 0 ? bytes : -1;
}

}  // namespace sb::selftest
