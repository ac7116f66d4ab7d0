#include "policy/proc_text.h"

#include "base/split.h"

namespace sb::policy {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Kernel: /proc/PID/mountinfo writes space, tab, newline and backslash as \ooo (proc(5)).
std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::vector<CgroupMount> cgroup_mounts_of(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  for (const std::string& line : split(mountinfo, '\n')) {
    // id parent major:minor root point options [tags] - type source super-options
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos || line.compare(dash + 3, 6, "cgroup") != 0) {
      continue;
    }
    const std::vector<std::string> left = split(line.substr(0, dash), ' ');
    const std::vector<std::string> right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 3) {
      continue;
    }
    mounts.push_back({.v2 = right[0] == "cgroup2",
                      .root = unescape(left[3]),
                      .point = unescape(left[4]),
                      .options = split(right[2], ',')});
  }
  return mounts;
}

std::vector<Membership> memberships_of(std::string_view cgroup) {
  std::vector<Membership> found;
  for (const std::string& line : split(cgroup, '\n')) {
    // id:controllers:path; v2 is "0::path" (cgroups(7))
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first != std::string::npos && second != std::string::npos) {
      found.push_back({.controllers = split(line.substr(first + 1, second - first - 1), ','),
                       .path = line.substr(second + 1)});
    }
  }
  return found;
}

}  // namespace sb::policy
