// HostIds: a pair of host ids that no other run has while this object lives.
// Must not be used by unprivileged callers: they have but their own id.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::launch {

// Why: two runs on one id could count, signal and measure each other through every per-user
// limit of the kernel (decisions 3), and init on the target's id could be killed by it (2).
class HostIds {
 public:
  // Errors: ids.exhausted. Kernel: an OFD lock on one byte of a file per pair (fcntl(2)); it ends
  // with the last process that holds the descriptor, so a crash leaves nothing to clean up.
  static Result<HostIds> take();

  std::uint32_t init_id() const { return first_; }
  std::uint32_t target_id() const { return first_ + 1; }

 private:
  HostIds(sys::Fd lock, std::uint32_t first) : lock_(std::move(lock)), first_(first) {}

  sys::Fd lock_;
  std::uint32_t first_;
};

}  // namespace sb::launch
