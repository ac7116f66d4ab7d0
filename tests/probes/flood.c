// flood FD BYTES [orphan|hold]: writes BYTES bytes to descriptor FD (0: for ever), exits 0.
// orphan: a child does, and this process exits 0 once it has begun. hold: a child keeps the pipe
// open and writes nothing, this process says "done" and exits 0.
#include <fcntl.h>

#include "common.h"

static void flood(int fd, unsigned long long bytes) {
  static char block[1 << 16];
  memset(block, 'y', sizeof block);
  for (unsigned long long written = 0; bytes == 0 || written < bytes;) {
    unsigned long long left = bytes == 0 ? sizeof block : bytes - written;
    ssize_t n = write(fd, block, left < sizeof block ? left : sizeof block);
    if (n < 0) {
      _exit(errno == EPIPE ? 3 : 4);
    }
    written += (unsigned long long)n;
  }
}

int main(int argc, char** argv) {
  int fd = argc > 1 ? atoi(argv[1]) : 1;
  unsigned long long bytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
  const char* how = argc > 3 ? argv[3] : "";
  if (how[0] == 0) {
    flood(fd, bytes);
    return 0;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return 1;
  }
  if (fork() == 0) {
    setsid();
    const int floods = strcmp(how, "orphan") == 0;
    if (floods) {
      write_all(fd, "y", 1);  // begun: what kills it may come before anything else is written
    }
    write_all(ends[1], "x", 1);
    if (floods) {
      flood(fd, bytes);
    }
    sleep_forever();
  }
  char byte;
  ssize_t n = read(ends[0], &byte, 1);
  (void)n;
  say("done\n");
  return 0;
}
