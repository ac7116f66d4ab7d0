#include "sys/beneath.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/trouble.h"

namespace sb::sys {
namespace {

// Kernel: both return what was before and never fail; asked with an impossible id they only tell.
bool has_file_ids(std::uint32_t uid, std::uint32_t gid) {
  return ::setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(uid) &&
         ::setfsgid(static_cast<gid_t>(-1)) == static_cast<int>(gid);
}

// Why the raw call: glibc's tells other threads, and must not fail half-way.
bool set_groups(const std::vector<gid_t>& groups) {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

}  // namespace

OpenResult open_beneath(FdRef directory, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const char* const name = path.empty() ? "." : path.c_str();
  for (;;) {
    const long number = ::syscall(SYS_openat2, directory.number(), name, &how, sizeof how);
    if (number >= 0) {
      return {Fd(static_cast<int>(number)), 0};
    }
    // Kernel: EAGAIN where something above was renamed meanwhile (openat2(2)).
    if (errno != EINTR && errno != EAGAIN) {
      return {Fd(), errno};
    }
  }
}

OpenResult open_file_beneath(FdRef directory, const std::string& path) {
  OpenResult handle = open_beneath(directory, path, O_PATH | O_NOFOLLOW);
  if (handle.err != 0) {
    return handle;
  }
  struct ::stat status {};
  if (::fstat(handle.fd.number(), &status) != 0) {
    return {Fd(), errno};
  }
  if (!S_ISREG(status.st_mode)) {
    return {Fd(), S_ISDIR(status.st_mode) ? EISDIR : S_ISLNK(status.st_mode) ? ELOOP : ENXIO};
  }
  return open_path(fmt::format("/proc/self/fd/{}", handle.fd.number()),
                   O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

FileRights::FileRights(std::uint32_t uid, std::uint32_t gid) {
  const int count = ::getgroups(0, nullptr);
  groups_.resize(static_cast<std::size_t>(count > 0 ? count : 0));
  if (count < 0 || (count > 0 && ::getgroups(count, groups_.data()) != count)) {
    err_ = errno;
    return;
  }
  if (!set_groups({})) {
    err_ = errno;
    return;
  }
  left_groups_ = true;
  (void)::setfsgid(gid);
  // Kernel: leaving 0 takes the capabilities that pass over file modes (capabilities(7)).
  (void)::setfsuid(uid);
  err_ = has_file_ids(uid, gid) ? 0 : EPERM;
}

FileRights::~FileRights() {
  // Kernel: one's own ids are always allowed; what is left is want of memory (setfsuid(2)), which a
  // second try may find.
  constexpr int tries = 3;
  bool restored = false;
  for (int i = 0; i < tries && !restored; ++i) {
    (void)::setfsuid(::geteuid());
    (void)::setfsgid(::getegid());
    restored = has_file_ids(::geteuid(), ::getegid()) && (!left_groups_ || set_groups(groups_));
  }
  if (!restored) {
    // Why no more: those are fewer rights, so what is opened meanwhile fails and says so; and no
    // other run begins in this process (check_looks()).
    note_trouble(ENOMEM, "taking back the rights to files");
  }
}

}  // namespace sb::sys
