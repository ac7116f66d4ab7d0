"""The small C programs that the benchmarks run, compiled into a folder. Nothing here measures."""
import os
import subprocess

TRUE = "int main(void) { return 0; }\n"

# Long enough that others start meanwhile.
NAP = "#include <unistd.h>\nint main(void) { return usleep(500000); }\n"

# Writes ARG MiB of zeros to stdout.
FLOOD = """
#include <stdlib.h>
#include <unistd.h>
static char block[1 << 20];
int main(int argc, char **argv) {
  long left = argc > 1 ? atol(argv[1]) << 20 : 0;
  while (left > 0) {
    long size = left < (long)sizeof block ? left : (long)sizeof block;
    long put = write(1, block, (size_t)size);
    if (put <= 0) return 1;
    left -= put;
  }
  return 0;
}
"""

# Prints how many picoseconds one getppid(2) takes: the least of ARG rounds of 3,000, each shorter than
# a slice of the scheduler's. With a second argument, under a filter of one instruction, which allows.
CALLS = """
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e12 + (double)t.tv_nsec * 1e3;
}
int main(int argc, char **argv) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {1, &allow};
  if (argc > 2 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0))
    return 1;
  double least = 1e18;
  for (int round = argc > 1 ? atoi(argv[1]) : 1; round > 0; --round) {
    double start = now();
    for (int i = 0; i < 3000; ++i) syscall(SYS_getppid);
    double each = (now() - start) / 3000;
    if (each < least) least = each;
  }
  printf("%.0f\\n", least);
  return 0;
}
"""


def build(folder, name, source):
    """The path of a static program."""
    text = os.path.join(folder, name + ".c")
    with open(text, "w", encoding="ascii") as file:
        file.write(source)
    program = os.path.join(folder, name)
    subprocess.run(["gcc", "-O2", "-static", "-o", program, text], check=True)
    return program
