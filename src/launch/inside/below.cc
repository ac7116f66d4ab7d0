#include "launch/inside/below.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/tar.h"

namespace sb::inside {
namespace {

constexpr mode_t made_directory = 0755;

}  // namespace

int open_beneath(int directory, const char* path, int flags) {
  open_how how;
  memset(&how, 0, sizeof how);
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(
      syscall(SYS_openat2, directory, path[0] == '\0' ? "." : path, &how, sizeof how));
}

int make_path(int directory, const char* path) {
  int fd = open_beneath(directory, path, O_PATH | O_DIRECTORY);
  if (fd >= 0 || errno != ENOENT) {
    return fd;
  }
  fd = open_beneath(directory, "", O_PATH | O_DIRECTORY);
  char part[longest_path];
  while (fd >= 0 && *path != '\0') {
    size_t length = 0;
    while (path[length] != '\0' && path[length] != '/') {
      ++length;
    }
    memcpy(part, path, length);
    part[length] = '\0';
    path += length + (path[length] == '/' ? 1 : 0);
    int next = -1;
    if (mkdirat(fd, part, made_directory) == 0 || errno == EEXIST) {
      next = open_beneath(fd, part, O_PATH | O_DIRECTORY);
    }
    const int err = errno;
    close(fd);
    errno = err;
    fd = next;
  }
  return fd;
}

const char* cut(char* path) {
  char* slash = nullptr;
  for (char* c = path; *c != '\0'; ++c) {
    slash = *c == '/' ? c : slash;
  }
  if (slash == nullptr) {
    memmove(path + 1, path, strlen(path) + 1);
    path[0] = '\0';
    return path + 1;
  }
  *slash = '\0';
  return slash + 1;
}

bool link_beneath(int base, char* path, int directory, const char* name) {
  const char* last = cut(path);
  const int from = open_beneath(base, path, O_PATH | O_DIRECTORY);
  const bool linked = from >= 0 && syscall(SYS_linkat, from, last, directory, name, 0) == 0;
  const int err = errno;
  if (from >= 0) {
    close(from);
  }
  errno = err;
  return linked;
}

}  // namespace sb::inside
