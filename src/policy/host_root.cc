#include "policy/host_root.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/core.h>

#include "sys/files.h"

namespace sb::policy {
namespace {

void add_path(Files& files, const std::string& path) {
  const auto status = sys::stat_path(path);
  if (!status || !(S_ISDIR(status->st_mode) || S_ISREG(status->st_mode))) {
    return;
  }
  files.mounts.push_back(
      {.source = sys::read_link(path) ? sys::real_path(path).value_or(path) : path,
       .target = path,
       .is_directory = S_ISDIR(status->st_mode)});
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
  // Why: Debian's Java keeps part of its own files in /etc/java-17-openjdk, where it is itself
  // /usr/lib/jvm/java-17-openjdk-amd64. Why not /etc listed: it is long.
  const sys::OpenResult machines = sys::open_path("/usr/lib/jvm", O_RDONLY | O_DIRECTORY);
  std::vector<std::string> names = sys::list_directory(machines.fd.ref(), "java-").names;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    add_path(files, "/etc/" + name.substr(0, name.rfind('-')));
  }
}

}  // namespace sb::policy
