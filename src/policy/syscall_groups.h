// Named groups of system calls: systemd's, and our own for what programs of a kind need.
// Must not know actions or profiles.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sb::policy {

// The numbers of every call of the group, nested groups included, sorted; "@" is part of the name.
// nullopt: no such group. Names that x86-64 lacks are left out.
// clone3 is in no group: no filter can read its flags, so a profile must allow it by name.
std::optional<std::vector<int>> expand_group(std::string_view name);

std::span<const std::string_view> group_names();

}  // namespace sb::policy
