// attack_init MS: for MS ms tries everything it may against pid 1 (limits, priorities, signals,
// /proc/1), prints what worked, exits 0. Init must live, and the verdict stay "ok".
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "common.h"

static void report(const char* what, long result) {
  if (result >= 0) {
    say("worked: %s\n", what);
  }
}

static void limits(void) {
  static const int which[] = {RLIMIT_CPU,   RLIMIT_NOFILE, RLIMIT_AS,
                              RLIMIT_NPROC, RLIMIT_DATA,   RLIMIT_STACK,
                              RLIMIT_FSIZE, RLIMIT_RTTIME, RLIMIT_SIGPENDING};
  for (size_t i = 0; i < sizeof which / sizeof which[0]; ++i) {
    struct rlimit limit = {1, 1};
    report("prlimit", prlimit(1, (__rlimit_resource_t)which[i], &limit, NULL));
  }
}

static void scheduling(void) {
  report("setpriority", setpriority(PRIO_PROCESS, 1, 19));
  struct sched_param param = {0};
  report("sched_setscheduler", sched_setscheduler(1, SCHED_IDLE, &param));
  report("sched_setparam", sched_setparam(1, &param));
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  report("sched_setaffinity", sched_setaffinity(1, sizeof cpus, &cpus));
  report("ioprio_set", syscall(SYS_ioprio_set, 1, 1, 3 << 13));
}

static void files(void) {
  static const char* const paths[] = {
      "/proc/1/mem",           "/proc/1/environ",     "/proc/1/fd/0",  "/proc/1/exe",
      "/proc/1/oom_score_adj", "/proc/1/comm",        "/proc/1/cwd/.", "/proc/1/root/.",
      "/proc/1/timerslack_ns", "/proc/1/attr/current"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; ++i) {
    int fd = open(paths[i], O_WRONLY | O_CLOEXEC);
    report(paths[i], fd);
    if (fd < 0 && strcmp(paths[i], "/proc/1/comm") != 0) {
      fd = open(paths[i], O_RDONLY | O_CLOEXEC);
      char byte;
      if (fd >= 0 && (strstr(paths[i], "/.") != NULL || read(fd, &byte, 1) > 0) &&
          strstr(paths[i], "oom") == NULL) {
        say("read: %s\n", paths[i]);
      }
    }
  }
}

int main(int argc, char** argv) {
  long ms = argc > 1 ? atol(argv[1]) : 1000;
  limits();
  scheduling();
  files();
  struct timespec start;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    for (int number = 1; number <= 64; ++number) {
      kill(1, number);
    }
    for (int i = 0; i < 10000; ++i) {
      kill(1, SIGCHLD);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
  say("done\n");
  return 0;
}
