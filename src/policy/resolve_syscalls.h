// Profile's layers of [syscalls] to one SyscallPolicy: groups expanded, contradictions refused.
// Must not know BPF (seccomp/) or read files.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "policy/key_error.h"
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

// A rule and the entry that it comes from; nullptr: it is in every profile.
struct TracedRule {
  SyscallRule rule;
  const SyscallEntry* entry = nullptr;  // of the profile, which must outlive it
};
// The rules of resolve_syscalls with where they come from.
Result<std::vector<TracedRule>> trace_syscalls(const Profile& profile);

// The parts of it, for whoever looks into a profile: what a call without a rule gets, what an
// entry of allow or deny means, its rules for one call (one for each combination of its values).
SyscallAction default_action_of(const Profile& profile);
SyscallAction action_of(const SyscallEntry& entry, bool denied, const Profile& profile);
Result<std::vector<SyscallRule>> rules_of(const SyscallEntry& entry, int number,
                                          SyscallAction action, const Place& place);
// True if some call's arguments satisfy both: no bit that both look at differs.
bool rules_overlap(const SyscallRule& a, const SyscallRule& b);
// Whether the call takes place: allowed, or listed and let run.
bool lets_run(const SyscallAction& action);

// The rule that decides this call, or nullptr where default_action does.
const SyscallRule* find_rule(const SyscallPolicy& policy, int number,
                             const std::array<std::uint64_t, 6>& args);

}  // namespace sb::policy
