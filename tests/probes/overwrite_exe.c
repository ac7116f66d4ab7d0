// overwrite_exe MS: for MS milliseconds tries to write to the file that any process runs, by its
// /proc/PID/exe, directly and through a handle that is opened anew later. Prints "written=N".
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"

enum { most_pids = 64 };

static long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int overwrite(const char* path) {
  int written = 0;
  const int flags[] = {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDWR | O_TRUNC};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; ++i) {
    int fd = open(path, flags[i] | O_CLOEXEC);
    if (fd >= 0) {
      written += write(fd, "#!/bin/evil\n", 12) > 0 || flags[i] == (O_RDWR | O_TRUNC);
      close(fd);
    }
  }
  return written;
}

int main(int argc, char** argv) {
  const long ms = argc > 1 ? atol(argv[1]) : 100;
  if (ms == 0) {
    return 0;
  }
  const long end = now_ms() + ms;
  int written = 0;
  do {
    int handles[most_pids];
    for (int pid = 0; pid < most_pids; ++pid) {
      char path[64];
      snprintf(path, sizeof path, pid == 0 ? "/proc/self/exe" : "/proc/%d/exe", pid);
      written += overwrite(path);
      handles[pid] = open(path, O_PATH | O_CLOEXEC);
    }
    for (int pid = 0; pid < most_pids; ++pid) {
      char path[64];
      snprintf(path, sizeof path, "/proc/self/fd/%d", handles[pid]);
      if (handles[pid] >= 0) {
        written += overwrite(path);
        close(handles[pid]);
      }
    }
    // A child that executes: its file is opened anew.
    if (fork() == 0) {
      execl("/proc/self/exe", "overwrite_exe", "0", (char*)NULL);
      _exit(1);
    }
    wait(NULL);
  } while (now_ms() < end);
  say("written=%d\n", written);
  return 0;
}
