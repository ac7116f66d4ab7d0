#include "fs/placement.h"

#include <algorithm>

namespace sb::fs {
std::string relative(const std::string& absolute) { return absolute.substr(1); }

bool is_at_or_below(const std::string& path, const std::string& directory) {
  return path == directory || (path.size() > directory.size() && path.starts_with(directory) &&
                               path[directory.size()] == '/');
}

Placements::Placements(const policy::Spec& spec) {
  all_.push_back({.path = "tmp"});
  all_.push_back({.path = "dev/shm"});
  if (spec.files.workspace == policy::WorkspaceMode::scratch ||
      spec.files.workspace == policy::WorkspaceMode::copy_on_write) {
    all_.push_back({.path = "workspace"});
  }
  for (const policy::HostMount& mount : spec.files.mounts) {
    all_.push_back({.path = relative(mount.target), .host = &mount});
  }
  for (const std::string& directory : spec.files.tmpfs) {
    all_.push_back({.path = relative(directory)});
  }
  // Why: a mount hides what is below it, so parents come first; of two at one place the one given
  // later is on top.
  std::stable_sort(all_.begin(), all_.end(), [](const Placement& a, const Placement& b) {
    return std::count(a.path.begin(), a.path.end(), '/') <
           std::count(b.path.begin(), b.path.end(), '/');
  });
}

bool Placements::is_at_or_above(const std::string& path) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const Placement& p) { return is_at_or_below(path, p.path); });
}

Ground Placements::ground_of(const std::string& path) const {
  const Placement* nearest = nullptr;
  for (const Placement& placement : all_) {
    if (placement.path != path && is_at_or_below(path, placement.path) &&
        (nearest == nullptr || placement.path.size() >= nearest->path.size())) {
      nearest = &placement;
    }
  }
  if (nearest == nullptr) {
    return Ground::root;
  }
  return nearest->host == nullptr ? Ground::scratch : Ground::host;
}

}  // namespace sb::fs
