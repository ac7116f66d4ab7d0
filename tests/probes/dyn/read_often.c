// Reads the clock 50,000 times, through libc: more often than system calls could for free.
#include <stdio.h>
#include <time.h>

int main(void) {
  struct timespec first, last;
  clock_gettime(CLOCK_MONOTONIC, &first);
  for (int i = 0; i < 50000; ++i) {
    clock_gettime(CLOCK_MONOTONIC, &last);
  }
  puts(first.tv_sec == last.tv_sec && first.tv_nsec == last.tv_nsec ? "stood" : "moved");
  return 0;
}
