#include "policy/inside_view.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "sys/files.h"

namespace sb::policy {
namespace {

constexpr unsigned most_links = 40;  // Kernel: as path_resolution(7) has it.

// The mount that shows at `path`, a path without links; nullptr where none does.
const HostMount* mount_at(const Files& files, const std::string& path) {
  const HostMount* best = nullptr;
  for (const HostMount& mount : files.mounts) {
    if (is_at_or_below(path, mount.target) &&
        (best == nullptr || mount.target.size() >= best->target.size())) {
      best = &mount;
    }
  }
  for (const std::string& directory : files.tmpfs) {
    if (is_at_or_below(path, directory) &&
        (best == nullptr || directory.size() >= best->target.size())) {
      best = nullptr;
    }
  }
  return best;
}

std::optional<std::string> shown_at(const Files& files, const std::string& path) {
  const HostMount* mount = mount_at(files, path);
  if (mount == nullptr) {
    return std::nullopt;
  }
  return (mount->source == "/" ? "" : mount->source) + path.substr(mount->target.size());
}

std::optional<std::string> root_link_at(const Files& files, const std::string& path) {
  for (const Symlink& link : files.symlinks) {
    if (link.path == path) {
      return link.target;
    }
  }
  return std::nullopt;
}

// What the link at `path` says; nullopt where no link is.
std::optional<std::string> link_at(const Files& files, const std::string& path, bool hosts_too) {
  if (std::optional<std::string> target = root_link_at(files, path)) {
    return target;
  }
  const std::optional<std::string> host =
      hosts_too ? shown_at(files, path) : std::optional<std::string>();
  return host ? sys::read_link(*host) : std::nullopt;
}

// The components of `path`, put before those that are left; the next one is the last.
void push_components(std::vector<std::string>& left, std::string_view path) {
  const std::size_t old_size = left.size();
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0 && path.substr(0, slash) != ".") {
      left.emplace_back(path.substr(0, slash));
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  std::reverse(left.begin() + static_cast<std::ptrdiff_t>(old_size), left.end());
}

// `path` without links, as it is reached inside. nullopt where links go in circles.
std::optional<std::string> walk(const Files& files, const std::string& path, bool hosts_too) {
  std::vector<std::string> left;
  push_components(left, path);
  std::string done;
  for (unsigned links = 0; !left.empty();) {
    const std::string name = std::move(left.back());
    left.pop_back();
    if (name == "..") {
      done.resize(done.empty() ? 0 : done.rfind('/'));  // Kernel: the root is its own parent.
      continue;
    }
    std::string next = done;
    next.append("/").append(name);
    const std::optional<std::string> link = link_at(files, next, hosts_too);
    if (!link) {
      done = next;
      continue;
    }
    if (++links > most_links) {
      return std::nullopt;
    }
    push_components(left, *link);
    if (link->starts_with('/')) {
      done.clear();
    }
  }
  return done.empty() ? "/" : done;
}

}  // namespace

bool is_at_or_below(const std::string& path, const std::string& directory) {
  return path == directory || (path.size() > directory.size() && path.starts_with(directory) &&
                               (directory == "/" || path[directory.size()] == '/'));
}

std::string follow_root_links(const Files& files, const std::string& path) {
  return walk(files, path, false).value_or(path);
}

std::optional<std::string> host_path_of(const Files& files, const std::string& inside) {
  const std::optional<std::string> path = walk(files, inside, true);
  return path ? shown_at(files, *path) : std::nullopt;
}

std::optional<std::string> inside_path_of(const Files& files, const std::string& host) {
  std::optional<std::string> best;
  std::size_t best_size = 0;
  for (const HostMount& mount : files.mounts) {
    if (mount.copy || !is_at_or_below(host, mount.source) || mount.source.size() < best_size) {
      continue;
    }
    const std::string rest = mount.source == "/" ? host : host.substr(mount.source.size());
    const std::string inside = mount.target + rest;
    // Why: another mount may lie over it.
    if (shown_at(files, inside) == host) {
      best = inside;
      best_size = mount.source.size();
    }
  }
  return best;
}

bool is_covered(const Files& files, const std::string& path) {
  return mount_at(files, path) != nullptr ||
         std::any_of(files.tmpfs.begin(), files.tmpfs.end(),
                     [&](const std::string& d) { return is_at_or_below(path, d); }) ||
         std::any_of(files.symlinks.begin(), files.symlinks.end(),
                     [&](const Symlink& link) { return is_at_or_below(path, link.path); });
}

}  // namespace sb::policy
