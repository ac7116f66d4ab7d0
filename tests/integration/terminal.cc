#include "terminal.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sbtest {

Terminal::Terminal() {
  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  REQUIRE(grantpt(master) == 0);
  REQUIRE(unlockpt(master) == 0);
  const std::string name = ptsname(master);
  slave = open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(slave >= 0);
  options.in_child = [name] {
    setsid();
    const int opened = open(name.c_str(), O_RDWR | O_CLOEXEC);  // becomes the controlling one
    (void)opened;
  };
}

Terminal::~Terminal() { hang_up(); }

void Terminal::hang_up() {
  for (int* fd : {&master, &slave}) {
    if (*fd >= 0) {
      close(*fd);
    }
    *fd = -1;
  }
}

int Terminal::typed() const {
  int bytes = -1;
  REQUIRE(ioctl(slave, FIONREAD, &bytes) == 0);
  return bytes;
}

}  // namespace sbtest
