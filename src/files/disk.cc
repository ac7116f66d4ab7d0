#include "files/disk.h"

#include <algorithm>
#include <cerrno>

#include <sys/statfs.h>

namespace sb::files {

Result<result::DiskUsage> disk_usage(sys::FdRef file_system) {
  result::DiskUsage usage;
  struct ::statfs status {};
  if (::fstatfs(file_system.number(), &status) != 0) {
    return Error(Tag::host_unreadable, "looking at the file system in memory", errno);
  }
  // Kernel: a tmpfs without a limit says 0 of both the total and the rest (tmpfs(5)).
  if (status.f_blocks > 0) {
    usage.used_bytes =
        (status.f_blocks - status.f_bfree) * static_cast<std::uint64_t>(status.f_bsize);
  }
  if (status.f_files > 0) {
    usage.inodes = status.f_files - status.f_ffree;
    usage.inodes_limit = status.f_files;
  }
  return usage;
}

result::DiskUsage difference(const result::DiskUsage& now, const result::DiskUsage& before) {
  const auto above = [](std::optional<std::uint64_t> amount, std::optional<std::uint64_t> base) {
    return amount ? std::optional(*amount - std::min(*amount, base.value_or(0))) : std::nullopt;
  };
  result::DiskUsage usage = now;
  usage.used_bytes = above(now.used_bytes, before.used_bytes);
  usage.inodes = above(now.inodes, before.inodes);
  usage.inodes_limit = above(now.inodes_limit, before.inodes);
  return usage;
}

}  // namespace sb::files
