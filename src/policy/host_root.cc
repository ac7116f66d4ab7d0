#include "policy/host_root.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/core.h>

#include "sys/files.h"

namespace sb::policy {
namespace {

bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || (path.size() > directory.size() && path.starts_with(directory) &&
                               (directory == "/" || path[directory.size()] == '/'));
}

void add_path(Files& files, const std::string& path) {
  const auto status = sys::stat_path(path);
  if (!status || !(S_ISDIR(status->st_mode) || S_ISREG(status->st_mode))) {
    return;
  }
  files.mounts.push_back(
      {.source = path, .target = path, .is_directory = S_ISDIR(status->st_mode)});
}

// "usr/bin" for a link of the root to "/usr/bin" or "usr/bin".
std::string without_root(const std::string& target) {
  return target.starts_with('/') ? target.substr(1) : target;
}

}  // namespace

void add_host_root(Files& files) {
  for (const char* name : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    const std::optional<std::string> link = sys::read_link(name);
    if (link) {
      files.symlinks.push_back({.target = without_root(*link), .path = name});
    } else {
      add_path(files, name);
    }
  }
  // Why: nothing else of /etc: it holds the host's users, names, addresses and secrets.
  for (const char* name : {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl/certs",
                           "/etc/services", "/etc/protocols"}) {
    add_path(files, name);
  }
  const sys::OpenResult etc = sys::open_path("/etc", O_RDONLY | O_DIRECTORY);
  std::vector<std::string> names = sys::list_directory(etc.fd.ref());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    // Why: Debian's Java keeps part of its own files there.
    if (name.starts_with("java-")) {
      add_path(files, "/etc/" + name);
    }
  }
}

std::optional<std::string> host_path_of(const Files& files, const std::string& inside) {
  std::string path = inside;
  for (const Symlink& link : files.symlinks) {
    if (is_below(path, link.path)) {
      path = fmt::format("/{}{}", link.target, path.substr(link.path.size()));
      break;
    }
  }
  const HostMount* best = nullptr;
  for (const HostMount& mount : files.mounts) {
    if (is_below(path, mount.target) &&
        (best == nullptr || mount.target.size() >= best->target.size())) {
      best = &mount;
    }
  }
  if (best == nullptr) {
    return std::nullopt;
  }
  return best->source + path.substr(best->target.size());
}

std::optional<std::string> inside_path_of(const Files& files, const std::string& host) {
  const HostMount* best = nullptr;
  for (const HostMount& mount : files.mounts) {
    if (!mount.copy && is_below(host, mount.source) &&
        (best == nullptr || mount.source.size() >= best->source.size())) {
      best = &mount;
    }
  }
  if (best == nullptr) {
    return std::nullopt;
  }
  const std::string rest = best->source == "/" ? host : host.substr(best->source.size());
  return best->target == "/" ? rest : best->target + rest;
}

}  // namespace sb::policy
