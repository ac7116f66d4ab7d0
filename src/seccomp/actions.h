// The value that a filter returns to the kernel for an action.
// Must not know calls.
#pragma once

#include <cstdint>

#include "policy/syscall_policy.h"
#include "seccomp/compile.h"

namespace sb::seccomp {

std::uint32_t return_value(const policy::SyscallAction& action, KillMode mode);

}  // namespace sb::seccomp
