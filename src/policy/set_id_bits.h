// The rules that keep a target from giving a file a set-user-ID or set-group-ID bit.
// Must not decide when they are needed (writable_mounts.cc).
#pragma once

#include "policy/syscall_policy.h"

namespace sb::policy {

// Puts them before what `policy` has of the same calls. openat2, whose mode no filter can read,
// becomes ENOSYS.
void forbid_set_id_bits(SyscallPolicy& policy);

}  // namespace sb::policy
