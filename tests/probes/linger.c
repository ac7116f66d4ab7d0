// linger HOW: tries to outlive what it should not.
// stop_parent: stops its parent, again and again, then exits 0. stop_main: a child stops the main
// process. ignore: ignores and blocks every signal. close: closes every descriptor. catch: exits 0
// from a SIGTERM handler. stop_self: stops itself. kill_all: signals everything it may, exits 0.
#include <signal.h>

#include "common.h"

static void on_term(int number) {
  (void)number;
  write_all(1, "caught\n", 7);
  _exit(0);
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  if (strcmp(how, "stop_parent") == 0) {
    for (int i = 0; i < 1000; ++i) {
      kill(getppid(), SIGSTOP);
    }
    say("parent is %d\n", (int)getppid());
    return 0;
  }
  if (strcmp(how, "kill_all") == 0) {
    for (int number = 1; number <= 64; ++number) {
      kill(getppid(), number);
      if (number != SIGKILL && number != SIGSTOP) {
        signal(number, SIG_IGN);
        kill(-1, number);
      }
    }
    kill(-1, SIGSTOP);  // not ourselves: kill(2) spares the caller of -1
    kill(-1, SIGKILL);
    say("alive\n");
    return 0;
  }
  if (strcmp(how, "stop_main") == 0) {
    if (fork() == 0) {
      for (;;) {
        kill(getppid(), SIGSTOP);
        usleep(1000);
      }
    }
  } else if (strcmp(how, "ignore") == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int number = 1; number <= 64; ++number) {
      signal(number, SIG_IGN);
    }
  } else if (strcmp(how, "catch") == 0) {
    signal(SIGTERM, on_term);
  } else if (strcmp(how, "stop_self") == 0) {
    say("ready\n");
    raise(SIGSTOP);
  }
  say("ready\n");
  if (strcmp(how, "close") == 0) {
    for (int fd = 0; fd < 4096; ++fd) {
      close(fd);
    }
  }
  sleep_forever();
  return 0;
}
