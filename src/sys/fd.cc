#include "sys/fd.h"

#include <unistd.h>

namespace sb::sys {

void Fd::reset() {
  if (number_ >= 0) {
    // Kernel: close() frees the descriptor whatever it returns, also on EINTR; never repeat it.
    (void)::close(std::exchange(number_, -1));
  }
}

}  // namespace sb::sys
