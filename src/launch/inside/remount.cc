// Attributes of mounts on kernels without mount_setattr(2): before Linux 5.12 (decisions 15).
//
// A bind remount reaches one mount only, so the mounts below are found in mountinfo, one by one, by
// the numbers of their parents. What is set is set by path, since mount(2) knows nothing else, and
// then looked at through a descriptor that was opened before: whatever happened to the path in
// between, either the mount has its flags or the run does not start.
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "launch/inside/inside.h"
#include "launch/inside/mountinfo.h"

extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*);

namespace sb::inside {
namespace {

// MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC: as in MOUNT_ATTR_* and in what statfs(2) tells.
constexpr unsigned long shared_bits = 1 | 2 | 4 | 8;
constexpr unsigned long told_nosymfollow = 0x2000;  // ST_NOSYMFOLLOW
constexpr unsigned long flag_nosymfollow = 256;     // MS_NOSYMFOLLOW
constexpr unsigned long flag_remount = 32;          // MS_REMOUNT
constexpr unsigned long flag_bind = 4096;           // MS_BIND
constexpr unsigned long flag_private = 1UL << 18;   // MS_PRIVATE

// Limit: of the mounts below one source; more is an error.
constexpr size_t most_mounts = 1024;

// A mount and those below it, each with whether it has its attributes by now.
struct Family {
  size_t count;
  size_t settled_count;
  uint64_t id[most_mounts];
  bool settled[most_mounts];
};

// Kernel: stx_mnt_id since 5.8, the number that mountinfo has.
bool mount_of(int fd, uint64_t* id) {
  struct statx status;
  memset(&status, 0, sizeof status);
  if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) {
    return false;
  }
  if ((status.stx_mask & STATX_MNT_ID) == 0) {
    errno = EOPNOTSUPP;
    return false;
  }
  *id = status.stx_mnt_id;
  return true;
}

bool flags_of(int fd, unsigned long* flags) {
  struct statfs status;
  memset(&status, 0, sizeof status);
  if (syscall(SYS_fstatfs, fd, &status) != 0) {
    return false;
  }
  *flags = static_cast<unsigned long>(status.f_flags);
  return true;
}

size_t place_of(const Family& family, uint64_t id) {
  size_t i = 0;
  while (i < family.count && family.id[i] != id) {
    ++i;
  }
  return i;
}

bool add(Family& family, uint64_t id) {
  if (family.count == most_mounts) {
    errno = E2BIG;
    return false;
  }
  family.id[family.count] = id;
  family.settled[family.count++] = false;
  return true;
}

// `fd` is of the mount that `entry` tells of.
bool set_flags(int fd, const MountEntry& entry, unsigned long wanted) {
  unsigned long flags = 0;
  if (!entry.is_private && mount(nullptr, entry.point, nullptr, flag_private, nullptr) != 0) {
    return false;
  }
  if (!flags_of(fd, &flags)) {
    return false;
  }
  if ((flags & wanted) == wanted) {
    return true;
  }
  // Kernel: a bind remount replaces these flags, but for those of access times; in a user namespace
  // those that came with the mount are locked, and to leave one out is EPERM (mount(2)).
  const unsigned long kept =
      (flags & shared_bits) | ((flags & told_nosymfollow) != 0 ? flag_nosymfollow : 0);
  if (mount(nullptr, entry.point, nullptr, flag_remount | flag_bind | kept | wanted, nullptr) !=
          0 ||
      !flags_of(fd, &flags)) {
    return false;
  }
  if ((flags & wanted) != wanted) {
    errno = ESTALE;
    return false;
  }
  return true;
}

bool settle(const MountEntry& entry, unsigned long wanted) {
  const int fd = open(entry.point, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  uint64_t id = 0;
  bool done = mount_of(fd, &id);
  if (done && id != entry.id) {
    // Limit: a mount that another one covers can't be reached by path, so such a source is refused.
    errno = EBUSY;
    done = false;
  }
  done = done && set_flags(fd, entry, wanted);
  const int err = errno;
  close(fd);
  errno = err;
  return done;
}

// One look at all mounts. Why EAGAIN: settled, and yet not private, can only be a path that
// changed.
bool pass(MountReader& reader, MountEntry& entry, Family& family, unsigned long wanted,
          bool recursive) {
  reader.at = reader.size = 0;
  if (lseek(reader.fd, 0, SEEK_SET) != 0) {
    return false;
  }
  for (;;) {
    const int got = read_mount(reader, entry);
    if (got <= 0) {
      return got == 0;
    }
    size_t place = place_of(family, entry.id);
    if (place == family.count && (!recursive || place_of(family, entry.parent) == family.count)) {
      continue;
    }
    if (place == family.count && !add(family, entry.id)) {
      return false;
    }
    if (family.settled[place] && !entry.is_private) {
      errno = EAGAIN;
      return false;
    }
    if (!family.settled[place]) {
      if (!settle(entry, wanted)) {
        return false;
      }
      family.settled[place] = true;
      ++family.settled_count;
    }
  }
}

}  // namespace

bool restrict_by_remount(int mountinfo, int mount_fd, uint64_t attributes, bool recursive) {
  const unsigned long wanted = attributes & shared_bits;
  if (wanted != attributes) {
    errno = EINVAL;
    return false;
  }
  MountReader reader;
  reader.fd = mountinfo;
  MountEntry entry;
  Family family;
  family.count = family.settled_count = 0;
  uint64_t id = 0;
  if (!mount_of(mount_fd, &id) || !add(family, id)) {
    return false;
  }
  // Why until nothing is new: a mount may be listed before its parent; and the last pass only looks
  // whether all are as they were left.
  for (;;) {
    const size_t before = family.settled_count;
    if (!pass(reader, entry, family, wanted, recursive)) {
      return false;
    }
    if (family.settled_count == before) {
      break;
    }
  }
  if (family.settled_count < family.count) {
    errno = ENOENT;
    return false;
  }
  return true;
}

}  // namespace sb::inside
