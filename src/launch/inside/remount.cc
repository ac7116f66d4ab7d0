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

// Limit: of a path that mount(2) takes, and of the mounts below one source; more is an error.
constexpr size_t longest_path = 4096;
constexpr size_t most_mounts = 1024;

struct Reader {
  int fd;
  size_t at;
  size_t size;
  char data[4096];
};

struct Entry {
  uint64_t id;
  uint64_t parent;
  bool is_private;
  char point[longest_path];
};

// A mount and those below it, each with whether it has its attributes by now.
struct Family {
  size_t count;
  size_t settled_count;
  uint64_t id[most_mounts];
  bool settled[most_mounts];
};

// The next byte; -1 at the end, -2 with errno set.
int next_byte(Reader& reader) {
  if (reader.at == reader.size) {
    ssize_t got = 0;
    do {
      got = read(reader.fd, reader.data, sizeof reader.data);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
      return got == 0 ? -1 : -2;
    }
    reader.at = 0;
    reader.size = static_cast<size_t>(got);
  }
  return static_cast<unsigned char>(reader.data[reader.at++]);
}

bool is_digit(int byte, int highest) { return byte >= '0' && byte <= highest; }

bool malformed() {
  errno = EBADMSG;
  return false;
}

bool skip_to(Reader& reader, int end) {
  for (;;) {
    const int byte = next_byte(reader);
    if (byte == end) {
      return true;
    }
    if (byte < 0 || byte == '\n') {
      return malformed();
    }
  }
}

// `byte` is the first digit, read already.
bool read_number(Reader& reader, int byte, uint64_t* number) {
  if (!is_digit(byte, '9')) {
    return malformed();
  }
  *number = 0;
  for (; is_digit(byte, '9'); byte = next_byte(reader)) {
    *number = *number * 10 + static_cast<uint64_t>(byte - '0');
  }
  return byte == ' ' || malformed();
}

// Kernel: space, tab, newline and backslash are written as \ooo (proc(5)).
bool read_point(Reader& reader, char* point) {
  for (size_t size = 0; size < longest_path; ++size) {
    int byte = next_byte(reader);
    if (byte == ' ') {
      point[size] = '\0';
      return true;
    }
    if (byte == '\\') {
      byte = 0;
      for (int i = 0; i < 3; ++i) {
        const int digit = next_byte(reader);
        if (!is_digit(digit, '7')) {
          return malformed();
        }
        byte = byte * 8 + (digit - '0');
      }
    }
    if (byte <= 0 || byte > 255) {
      return malformed();
    }
    point[size] = static_cast<char>(byte);
  }
  errno = ENAMETOOLONG;
  return false;
}

// id parent major:minor root point options [tag…] - type source super-options
// Returns 1 with an entry, 0 at the end, -1 with errno set.
int read_entry(Reader& reader, Entry& entry) {
  const int first = next_byte(reader);
  if (first < 0) {
    return first == -1 ? 0 : -1;
  }
  if (!read_number(reader, first, &entry.id) ||
      !read_number(reader, next_byte(reader), &entry.parent) || !skip_to(reader, ' ') ||
      !skip_to(reader, ' ') || !read_point(reader, entry.point) || !skip_to(reader, ' ')) {
    return -1;
  }
  // Kernel: the tags say whose events of mounting reach it, "shared:N" or "master:N" (proc(5)).
  entry.is_private = next_byte(reader) == '-';
  return skip_to(reader, '\n') ? 1 : -1;
}

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
bool set_flags(int fd, const Entry& entry, unsigned long wanted) {
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

bool settle(const Entry& entry, unsigned long wanted) {
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
bool pass(Reader& reader, Entry& entry, Family& family, unsigned long wanted, bool recursive) {
  reader.at = reader.size = 0;
  if (lseek(reader.fd, 0, SEEK_SET) != 0) {
    return false;
  }
  for (;;) {
    const int got = read_entry(reader, entry);
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
  Reader reader;
  reader.fd = mountinfo;
  Entry entry;
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
