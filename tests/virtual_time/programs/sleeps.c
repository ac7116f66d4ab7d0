// Five sleeps of an hour. sleeps UNIT: 1, or 0 for no sleep at all.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int count, char** words) {
  const unsigned unit = count > 1 ? (unsigned)atoi(words[1]) : 1;
  for (int i = 0; i < 5; ++i) {
    sleep(3600 * unit);
    printf("%d\n", i);
    fflush(stdout);
  }
  return 0;
}
