// violate signals|thread|main: makes a forbidden call (ptrace) while it is most likely to be lost.
// signals: a second thread interrupts the caller without pause. thread: a second thread makes the
// call while the first exits 0. main: the first makes it while the second exits the process.
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
  go = 1;
  forbidden();
  return unused;
}

static void* leave(void* unused) {
  while (go == 0) {
  }
  _exit(0);
  return unused;
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "main";
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
  pthread_create(&second, NULL, leave, NULL);
  go = 1;
  forbidden();
  return 0;
}
