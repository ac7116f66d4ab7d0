// burn_cpu MS [WORKERS]: uses MS ms of CPU time (each worker a child, waited for), then prints what
// getrusage says of itself and its children. MS 0: for ever. Both count from main: what this
// process did before its exec, to launch it, is in its clock and its usage, too, and no part of the
// run (in emulation with Linux 5.10 it is 140 ms).
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"

static long long used_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void burn(long ms) {
  long long start = used_ns();
  for (;;) {
    for (volatile unsigned i = 0; i < 100000; ++i) {
    }
    if (ms > 0 && used_ns() - start >= ms * 1000000LL) {
      return;
    }
  }
}

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

int main(int argc, char** argv) {
  long ms = argc > 1 ? atol(argv[1]) : 0;
  int workers = argc > 2 ? atoi(argv[2]) : 0;
  struct rusage before;
  getrusage(RUSAGE_SELF, &before);
  for (int i = 0; i < workers; ++i) {
    if (fork() == 0) {
      burn(ms);
      _exit(0);
    }
  }
  while (workers > 0 && wait(NULL) > 0) {
  }
  if (workers == 0) {
    burn(ms);
  }
  struct rusage self;
  struct rusage children;
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  say("user_us=%lld system_us=%lld\n",
      us(self.ru_utime) - us(before.ru_utime) + us(children.ru_utime),
      us(self.ru_stime) - us(before.ru_stime) + us(children.ru_stime));
  return 0;
}
