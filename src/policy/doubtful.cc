#include "policy/doubtful.h"

#include <cerrno>

#include "sys/files.h"

namespace sb::policy {

sys::Doubtful doubtful_directories(const Files& files) {
  sys::Doubtful found;
  for (const HostMount& mount : files.mounts) {
    const bool may_link = mount.mode == MountMode::read_write && mount.is_directory;
    if (const auto status = may_link ? sys::stat_path(mount.source) : std::nullopt) {
      found.push_back({status->st_dev, status->st_ino});
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
  if (!at.doubtful || error.err() != ELOOP) {
    return error;
  }
  return std::move(error).with_hint(
      "no link is followed in a directory that the program may write to: it could lead anywhere");
}

}  // namespace sb::policy
