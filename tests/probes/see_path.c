// see_path PATH...: for each PATH one line "PATH stat=E read=E bytes=N write=E": the errno of each
// attempt (0: it worked), and how many bytes one read gave. Writing is asked for, never done; E is
// "null" where what would be written is /dev/null, which hides what it is mounted on.
// -c PATH: tries to create the file PATH instead: "PATH create=E".
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common.h"

static int attempt(int result) { return result < 0 ? errno : 0; }

static int is_null_device(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
      ++i;
      int fd = open(argv[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      say("%s create=%d\n", argv[i], attempt(fd));
      continue;
    }
    struct stat info;
    int seen = attempt(lstat(argv[i], &info));
    int fd = open(argv[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    int readable = attempt(fd);
    char bytes[4096];
    ssize_t n = 0;
    if (fd >= 0) {
      n = read(fd, bytes, sizeof bytes);
      readable = attempt((int)n);
    }
    int target = open(argv[i], O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    int writable = attempt(target);
    say("%s stat=%d read=%d bytes=%zd ", argv[i], seen, readable, n > 0 ? n : 0);
    if (is_null_device(target)) {
      say("write=null\n");
    } else {
      say("write=%d\n", writable);
    }
  }
  return 0;
}
