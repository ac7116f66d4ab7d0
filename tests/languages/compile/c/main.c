#include <stdio.h>
int part(int n);
int other(int n);
int main(void) {
  printf("%d %d\n", part(7), other(7));
  return 0;
}
