// Finding and removing the groups of runs whose supervisor died without cleaning up.
// Must not touch a group that a living supervisor holds the lock of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/host_facts.h"

namespace sb::cgroup {

inline constexpr std::string_view group_prefix = "sandbox.";

// Returns the directories that were removed. `own`: the name of a group that the caller has; then a
// hierarchy in which there is no other is not looked through.
std::vector<std::string> remove_abandoned(const policy::HostFacts& facts,
                                          std::string_view own = {});

}  // namespace sb::cgroup
