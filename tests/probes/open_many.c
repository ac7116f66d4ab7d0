// Opens files until it may not, prints how many descriptors it holds and the errno.
#include <fcntl.h>

#include "common.h"

int main(void) {
  int highest = 2;
  for (;;) {
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      say("fds=%d errno=%d\n", highest + 1, errno);
      return 0;
    }
    highest = fd;
  }
}
