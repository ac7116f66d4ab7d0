// Reads a clock until two seconds have passed.
// read_clock gettime|syscall|counter
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char* how;

static uint64_t now(void) {
  struct timespec time;
  if (strcmp(how, "counter") == 0) {
    return __builtin_ia32_rdtsc();
  }
  if (strcmp(how, "syscall") == 0) {
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  } else {
    clock_gettime(CLOCK_MONOTONIC, &time);
  }
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int main(int argc, char** argv) {
  how = argc > 1 ? argv[1] : "";
  const uint64_t start = now();
  while (now() - start < 20000000) {
  }
  return 0;
}
