// print_args [ARG...]: prints its arguments, or with "-e" as the only one its environment, each as
// LENGTH:BYTES and a comma, so that nothing can be mistaken.
#include "common.h"

extern char** environ;

int main(int argc, char** argv) {
  char** list = argc == 2 && strcmp(argv[1], "-e") == 0 ? environ : argv + 1;
  for (; *list != NULL; ++list) {
    say("%zu:", strlen(*list));
    write_all(1, *list, strlen(*list));
    say(",");
  }
  return 0;
}
