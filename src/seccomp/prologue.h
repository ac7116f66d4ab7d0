// The hand-written front of a filter: foreign ABIs, numbers nobody knows, and every call whose
// rules look at arguments (decisions/0011). Must not decide anything: the policy does.
#pragma once

#include <vector>

#include "policy/syscall_policy.h"
#include "seccomp/compile.h"
#include "seccomp/program.h"

namespace sb::seccomp {

// The front ends by running on into what is appended to it. `rest` gets the rules that it leaves:
// at most one a call, without tests.
BpfProgram write_prologue(const policy::SyscallPolicy& policy, KillMode mode,
                          std::uint32_t waiting_cookie, std::vector<policy::SyscallRule>& rest);

}  // namespace sb::seccomp
