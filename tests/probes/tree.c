// tree: twelve processes in sessions of their own, some burning CPU, some sleeping, one stopped.
// Says "ready" when all are there, and stays.
#include <signal.h>

#include "common.h"

static void live(int which, int ready) {
  setsid();
  write_all(ready, "x", 1);
  if (which % 3 == 0) {
    raise(SIGSTOP);
  }
  if (which % 3 == 1) {
    for (int i = 0; i < 64; ++i) {
      signal(i, SIG_IGN);
    }
    sleep_forever();
  }
  for (volatile unsigned long i = 0;; ++i) {
  }
}

int main(void) {
  int ends[2];
  if (pipe(ends) != 0) {
    return 1;
  }
  for (int i = 0; i < 3; ++i) {
    if (fork() == 0) {
      for (int j = 0; j < 3; ++j) {
        if (fork() == 0) {
          live(i + j, ends[1]);
        }
      }
      live(1, ends[1]);
    }
  }
  for (int seen = 0; seen < 12;) {
    char bytes[12];
    ssize_t n = read(ends[0], bytes, sizeof bytes);
    seen += n > 0 ? (int)n : 0;
  }
  say("ready\n");
  sleep_forever();
  return 0;
}
