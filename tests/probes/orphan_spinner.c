// orphan_spinner wait|leave|join MS: a double-forked process in a session of its own burns CPU.
// wait: the first process sleeps for ever. leave: it exits 0 at once. join: the orphan burns MS ms
// and the first process exits 0 after it.
#include <time.h>

#include "common.h"

static void burn(long ms) {
  for (;;) {
    struct timespec now;
    for (volatile unsigned i = 0; i < 100000; ++i) {
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    if (ms > 0 && now.tv_sec * 1000 + now.tv_nsec / 1000000 >= ms) {
      return;
    }
  }
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "wait";
  int ends[2];
  if (pipe(ends) != 0) {
    return 1;
  }
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      write_all(ends[1], "x", 1);
      burn(argc > 2 ? atol(argv[2]) : 0);
    }
    _exit(0);
  }
  close(ends[1]);
  char byte;
  ssize_t n = read(ends[0], &byte, 1);
  say("orphan runs\n");
  if (strcmp(mode, "wait") == 0) {
    sleep_forever();
  }
  if (strcmp(mode, "join") == 0) {
    n = read(ends[0], &byte, 1);  // ends when the orphan does
  }
  (void)n;
  return 0;
}
