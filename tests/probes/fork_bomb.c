// fork_bomb plain|stop|daemon|leave: forks as fast as it can, for ever.
// stop: every other process stops itself. daemon: each leaves its parent and session.
// leave: the first process exits 0 once the bomb burns.
#include <signal.h>

#include "common.h"

static void burn(int stop, int daemon) {
  for (unsigned round = 0;; ++round) {
    pid_t pid = fork();
    if (pid != 0) {
      continue;
    }
    if (daemon) {
      setsid();
      if (fork() > 0) {
        _exit(0);
      }
    }
    if (stop && round % 2 == 0) {
      raise(SIGSTOP);
    }
  }
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "plain";
  signal(SIGCHLD, SIG_IGN);
  if (strcmp(mode, "leave") == 0) {
    for (int i = 0; i < 4; ++i) {
      if (fork() == 0) {
        burn(0, 1);
      }
    }
    return 0;
  }
  burn(strcmp(mode, "stop") == 0, strcmp(mode, "daemon") == 0);
  return 0;
}
