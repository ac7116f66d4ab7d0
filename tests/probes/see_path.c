// see_path PATH...: for each PATH one line "PATH stat=E read=E bytes=N write=E": the errno of each
// attempt (0: it worked), and how many bytes one read gave. Writing is asked for, never done.
// -c PATH: tries to create the file PATH instead: "PATH create=E".
#include <fcntl.h>
#include <sys/stat.h>

#include "common.h"

static int attempt(int result) { return result < 0 ? errno : 0; }

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
    int writable = attempt(open(argv[i], O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    say("%s stat=%d read=%d bytes=%zd write=%d\n", argv[i], seen, readable, n > 0 ? n : 0,
        writable);
  }
  return 0;
}
