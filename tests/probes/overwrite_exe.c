// overwrite_exe MS: for MS milliseconds tries to write to the file that any process runs, by its
// /proc/PID/exe, directly and through a handle that is opened anew later; at last through handles
// of what no process inside runs any more, since it has become a copy of itself in /tmp: a file
// that is being run is busy, whatever its mount says. Prints "written=N".
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

static int overwrite_handle(int handle) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
  return overwrite(path);
}

// Goes on as a copy, with handles of what it and init ran. Returns only where that can't be.
static void become_copy(int written) {
  const char* copy = "/tmp/overwrite_exe";
  const int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  const int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  char buffer[65536];
  for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) {
    if (write(to, buffer, (size_t)got) != got) {
      return;
    }
  }
  close(from);
  close(to);
  char own[16];
  char of_init[16];
  char so_far[16];
  snprintf(own, sizeof own, "%d", open("/proc/self/exe", O_PATH));
  snprintf(of_init, sizeof of_init, "%d", open("/proc/1/exe", O_PATH));
  snprintf(so_far, sizeof so_far, "%d", written);
  execl(copy, "overwrite_exe", "copy", own, of_init, so_far, (char*)NULL);
}

int main(int argc, char** argv) {
  if (argc > 4) {
    say("written=%d\n",
        overwrite_handle(atoi(argv[2])) + overwrite_handle(atoi(argv[3])) + atoi(argv[4]));
    return 0;
  }
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
      if (handles[pid] >= 0) {
        written += overwrite_handle(handles[pid]);
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
  become_copy(written);
  say("written=%d, and no copy\n", written);
  return 1;
}
