// die HOW [N]: exit N, return; or abort, segv, fpe, ill, bus, or raise N (a signal number).
// kill N: the same by kill(2). term_child: a child dies of SIGTERM, this process exits 0.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common.h"

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  int n = argc > 2 ? atoi(argv[2]) : 0;
  if (strcmp(how, "exit") == 0) {
    _exit(n);
  }
  if (strcmp(how, "abort") == 0) {
    abort();
  }
  if (strcmp(how, "segv") == 0) {
    *(volatile int*)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
  }
  if (strcmp(how, "ill") == 0) {
    __asm__ volatile("ud2");
  }
  if (strcmp(how, "fpe") == 0) {
    volatile int zero = 0;
    __asm__ volatile("cltd; idivl %1" : : "a"(1), "m"(zero) : "edx");
  }
  if (strcmp(how, "raise") == 0) {
    raise(n);
  }
  if (strcmp(how, "kill") == 0) {
    kill(getpid(), n);
  }
  if (strcmp(how, "term_child") == 0) {
    pid_t pid = fork();
    if (pid == 0) {
      raise(SIGTERM);
      _exit(9);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    say("child signal=%d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return 0;
  }
  say("survived\n");
  return 0;
}
