// eat_memory MIB [reap|ignore]: touches MIB MiB, says so and exits 0.
// reap, ignore: a child does it; this process waits for it (or has it reaped) and exits 0 anyway.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common.h"

static void eat(size_t mib) {
  for (size_t i = 0; i < mib; ++i) {
    char* block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
      say("mmap errno=%d after %zu MiB\n", errno, i);
      _exit(1);
    }
    memset(block, 0x5a, 1 << 20);
  }
  say("ate %zu MiB\n", mib);
}

int main(int argc, char** argv) {
  size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
  if (argc <= 2) {
    eat(mib);
    return 0;
  }
  if (strcmp(argv[2], "ignore") == 0) {
    signal(SIGCHLD, SIG_IGN);
  }
  pid_t pid = fork();
  if (pid == 0) {
    eat(mib);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return 0;
}
