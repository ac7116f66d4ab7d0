// Writes one line and leaves: needs as few system calls as a static program can.
#include <unistd.h>

int main(void) {
  static const char text[] = "minimal\n";
  ssize_t n = write(1, text, sizeof text - 1);
  _exit(n == (ssize_t)(sizeof text - 1) ? 0 : 1);
}
