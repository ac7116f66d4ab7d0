// deep_stack MIB: uses MIB MiB of stack, says so, exits 0.
#include "common.h"

static char __attribute__((noinline)) sink(volatile char* frame) { return frame[0]; }

static int __attribute__((noinline)) descend(long left) {
  volatile char frame[1 << 14];
  frame[0] = 1;
  frame[sizeof frame - 1] = 1;
  int below = left > 0 ? descend(left - (long)sizeof frame) : 0;
  return below + sink(frame);
}

int main(int argc, char** argv) {
  long mib = argc > 1 ? atol(argv[1]) : 1;
  int frames = descend(mib << 20);
  say("used %ld MiB in %d frames\n", mib, frames);
  return 0;
}
