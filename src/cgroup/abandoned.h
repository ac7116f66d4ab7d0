// Finding and removing the groups of runs whose supervisor died without cleaning up.
// Must not touch a group that a living supervisor holds the lock of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/host_facts.h"

namespace sb::cgroup {

inline constexpr std::string_view group_prefix = "sandbox.";

// Returns the directories that were removed.
std::vector<std::string> remove_abandoned(const policy::HostFacts& facts);

}  // namespace sb::cgroup
