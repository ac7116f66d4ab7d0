#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  time_t start = time(NULL);
  printf("It is %.5s\n", asctime(gmtime(&start)) + 11);
  for (int hour = 1; hour <= 5; hour++) {
    sleep(3600);
    printf("%d after %ld s\n", hour, (long)(time(NULL) - start));
    fflush(stdout);
  }
}
