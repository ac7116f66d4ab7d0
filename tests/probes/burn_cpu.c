// burn_cpu MS [WORKERS]: uses MS ms of CPU time (each worker a child, waited for), then prints what
// getrusage says of itself and its children. MS 0: for ever.
#include <sys/resource.h>
#include <sys/wait.h>
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

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

int main(int argc, char** argv) {
  long ms = argc > 1 ? atol(argv[1]) : 0;
  int workers = argc > 2 ? atoi(argv[2]) : 0;
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
  say("user_us=%lld system_us=%lld\n", us(self.ru_utime) + us(children.ru_utime),
      us(self.ru_stime) + us(children.ru_stime));
  return 0;
}
