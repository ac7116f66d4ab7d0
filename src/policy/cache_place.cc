#include "policy/cache_place.h"

#include <string_view>

namespace sb::policy {
namespace {

// An absolute path given by this variable; empty where there is none.
std::string path_in(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      const std::string value = entry.substr(name.size() + 1);
      // Why: the XDG base directory specification says to ignore others.
      return value.starts_with('/') ? value : "";
    }
  }
  return "";
}

}  // namespace

std::string filter_cache_place(const std::vector<std::string>& environment, std::uint32_t uid) {
  if (uid == 0) {
    // Why not of the environment: with sudo it may be another user's.
    return "/var/cache/sandbox";
  }
  if (const std::string base = path_in(environment, "XDG_CACHE_HOME"); !base.empty()) {
    return base + "/sandbox";
  }
  const std::string home = path_in(environment, "HOME");
  return home.empty() ? "" : home + "/.cache/sandbox";
}

}  // namespace sb::policy
