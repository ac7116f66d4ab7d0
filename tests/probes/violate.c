// violate signals|thread|blocked|main|N: makes a forbidden call (ptrace) while it is most likely to
// be lost. signals: a second thread interrupts the caller without pause. thread: a second thread
// makes the call while the first exits 0. blocked: the same, once the second sleeps in the call.
// main: the first makes it while the second exits the process. N: makes one that does nothing so
// many times.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include "common.h"

static pthread_t caller;
static volatile int go;

static void on_signal(int number) { (void)number; }

static void forbidden(void) { syscall(SYS_ptrace, 0, 0, 0, 0); }

static void* interrupt(void* unused) {
  go = 1;
  for (;;) {
    pthread_kill(caller, SIGUSR1);
  }
  return unused;
}

static void* call(void* unused) {
  go = (int)syscall(SYS_gettid);
  forbidden();
  return unused;
}

static void* leave(void* unused) {
  while (go == 0) {
  }
  _exit(0);
  return unused;
}

// The state of a thread of ours, a letter (proc_pid_stat(5)).
static char state_of(int tid) {
  char path[64];
  char text[256] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
  const int fd = open(path, O_RDONLY);
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  const char* bracket = n > 0 ? strrchr(text, ')') : NULL;
  return bracket != NULL ? bracket[2] : '?';
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "main";
  for (int left = atoi(mode); left > 0; --left) {
    syscall(SYS_ptrace, -1, 0, 0, 0);
    if (left == 1) {
      _exit(0);
    }
  }
  pthread_t second;
  caller = pthread_self();
  if (strcmp(mode, "signals") == 0) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&second, NULL, interrupt, NULL);
    while (go == 0) {
    }
    forbidden();
    _exit(0);
  }
  if (strcmp(mode, "thread") == 0) {
    pthread_create(&second, NULL, call, NULL);
    // The call is on its way, perhaps not yet made: 0 is right then, if nothing was made.
    while (go == 0) {
    }
    usleep(200);
    _exit(0);
  }
  if (strcmp(mode, "blocked") == 0) {
    pthread_create(&second, NULL, call, NULL);
    while (go == 0 || state_of(go) != 'S') {
    }
    _exit(0);
  }
  pthread_create(&second, NULL, leave, NULL);
  go = 1;
  forbidden();
  return 0;
}
