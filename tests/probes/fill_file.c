// fill_file MIB PATH... [ignore]: writes up to MIB MiB into each PATH, prints how far it came and
// the errno, exits 0. A last argument "ignore" ignores SIGXFSZ, so that the limit shows as EFBIG.
#include <fcntl.h>
#include <signal.h>

#include "common.h"

int main(int argc, char** argv) {
  static char block[1 << 16];
  memset(block, 0x5a, sizeof block);
  if (argc > 1 && strcmp(argv[argc - 1], "ignore") == 0) {
    signal(SIGXFSZ, SIG_IGN);
    --argc;
  }
  unsigned long long wanted = argc > 1 ? strtoull(argv[1], NULL, 10) << 20 : 0;
  for (int i = 2; i < argc; ++i) {
    unsigned long long written = 0;
    int err = 0;
    int fd = open(argv[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (fd >= 0 && written < wanted) {
      ssize_t n = write(fd, block, sizeof block);
      if (n <= 0) {
        err = errno;
        break;
      }
      written += (unsigned long long)n;
    }
    say("%s wrote=%llu errno=%d\n", argv[i], written, fd < 0 ? errno : err);
  }
  return 0;
}
