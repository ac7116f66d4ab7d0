// Prints every open descriptor as "N -> what it is", without the one used for looking.
#include <dirent.h>

#include "common.h"

int main(void) {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == NULL) {
    say("opendir errno=%d\n", errno);
    return 1;
  }
  for (struct dirent* entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) {
      continue;
    }
    char target[512] = "";
    ssize_t n = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
    target[n > 0 ? n : 0] = 0;
    say("%s -> %s\n", entry->d_name, target);
  }
  // Whatever /proc says, ask the kernel too: /proc might be a fake.
  for (int fd = 0; fd < 4096; ++fd) {
    if (fd != dirfd(directory) && lseek(fd, 0, SEEK_CUR) < 0 && errno == EBADF) {
      continue;
    }
    if (fd != dirfd(directory)) {
      say("open %d\n", fd);
    }
  }
  return 0;
}
