// A dynamically linked program: says hello and gives its arguments' number back as its status.
#include <stdio.h>

int main(int argc, char** argv) {
  (void)argv;
  printf("hello from a dynamic program\n");
  return argc - 1;
}
