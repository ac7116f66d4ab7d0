// threads N: asks for clone3 directly, prints its errno, then runs N pthreads and prints how many
// came back.
#include <pthread.h>
#include <sys/syscall.h>

#include "common.h"

static void* add_one(void* argument) {
  __atomic_add_fetch((int*)argument, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

int main(int argc, char** argv) {
  int wanted = argc > 1 ? atoi(argv[1]) : 8;
  unsigned long arguments[11] = {0};
  arguments[4] = 17;  // exit_signal: SIGCHLD
  long result = syscall(SYS_clone3, arguments, sizeof arguments);
  if (result == 0) {
    _exit(0);
  }
  say("clone3 errno=%d\n", result < 0 ? errno : 0);
  int done = 0;
  pthread_t threads[256];
  int made = 0;
  while (made < wanted && made < 256 && pthread_create(&threads[made], NULL, add_one, &done) == 0) {
    ++made;
  }
  for (int i = 0; i < made; ++i) {
    pthread_join(threads[i], NULL);
  }
  say("threads=%d\n", done);
  return 0;
}
