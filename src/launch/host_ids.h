// HostIds: a pair of host ids that no other run has while this object lives.
// Must not be used by unprivileged callers: they have but their own id.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "policy/spec.h"
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
  policy::Owner target() const { return target_; }
  // Why: where a file system can't map ids, only its files' owner can write them (decisions 3).
  void run_target_as(policy::Owner owner) { target_ = owner; }

 private:
  HostIds(sys::Fd lock, std::uint32_t first)
      : lock_(std::move(lock)), first_(first), target_{first + 1, first + 1} {}

  sys::Fd lock_;
  std::uint32_t first_;
  policy::Owner target_;
};

}  // namespace sb::launch
