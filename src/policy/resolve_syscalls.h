// Profile's layers of [syscalls] to one SyscallPolicy: groups expanded, contradictions refused.
// Must not know BPF (seccomp/) or read files.
#pragma once

#include <array>
#include <cstdint>

#include "base/error.h"
#include "policy/profile.h"
#include "policy/syscall_policy.h"

namespace sb::policy {

// A call that a layer mentions is decided by that layer alone (later layers first). Inside a layer
// a call's own name wins over a group; with tests and without may stand side by side, then the one
// without decides where no test holds. Errors (profile_value): one layer both allows and denies a
// call, or two of its entries with different actions overlap.
//
// Added to every profile: clone3 gives ENOSYS unless a profile names it, and the calls that change
// a process's limits or scheduling give EPERM for pid 1.
Result<SyscallPolicy> resolve_syscalls(const Profile& profile);

// The rule that decides this call, or nullptr where default_action does.
const SyscallRule* find_rule(const SyscallPolicy& policy, int number,
                             const std::array<std::uint64_t, 6>& args);

}  // namespace sb::policy
