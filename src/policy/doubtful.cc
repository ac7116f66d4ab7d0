#include "policy/doubtful.h"

#include <cerrno>

#include "sys/files.h"

namespace sb::policy {

std::string host_path(const Request& request, const std::string& path) {
  if (path.empty()) {
    return request.caller_directory;
  }
  return path.starts_with('/') ? path : request.caller_directory + "/" + path;
}

sys::Doubtful doubtful_directories(const ProfileFiles& wanted, const Request& request) {
  sys::Doubtful found;
  const auto add = [&](const std::string& source, bool writable) {
    const auto status = sys::stat_path(host_path(request, source));
    if (status && S_ISDIR(status->st_mode)) {
      found.push_back({status->st_dev, status->st_ino, writable});
    }
  };
  // Why in whatever mode: what is read now may have been written before, as a compiler's work is.
  if (wanted.workspace && wanted.workspace->value.mode != WorkspaceMode::scratch) {
    add(wanted.workspace->value.source, wanted.workspace->value.mode == WorkspaceMode::read_write);
  }
  for (const Setting<MountEntry>& mount : wanted.mounts) {
    if (mount.value.mode == MountMode::read_write) {
      add(mount.value.source, true);
    }
  }
  return found;
}

Result<Done> check_links(const std::string& path, const Files& files, Tag tag,
                         const std::string& doing) {
  if (files.doubtful.empty()) {
    return Done{};
  }
  const sys::Location at = sys::locate(path, files.doubtful);
  if (at.err == ELOOP && at.doubtful) {
    return explain_link(Error(tag, doing, at.err), at);
  }
  return Done{};
}

Error explain_link(Error error, const sys::Location& at) {
  if (at.doubtful && error.err() == ELOOP) {
    return std::move(error).with_hint(
        "in a workspace and what is shown for writing no link is followed: a program may have made "
        "it");
  }
  if (at.doubtful && error.err() == ENXIO) {
    return std::move(error).with_hint(
        "in a workspace and what is shown for writing only regular files are written to");
  }
  return error;
}

}  // namespace sb::policy
