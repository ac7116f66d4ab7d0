// close_stdin N: reads N bytes of stdin, closes it, and goes on for a while before it exits 0.
#include "common.h"

int main(int argc, char** argv) {
  long wanted = argc > 1 ? atol(argv[1]) : 0;
  char byte;
  while (wanted-- > 0 && read(0, &byte, 1) == 1) {
  }
  close(0);
  say("closed\n");
  usleep(100000);  // long enough for the supervisor to notice a broken pipe
  return 0;
}
