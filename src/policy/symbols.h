// Names of argument values: AF_INET, CLONE_NEWUSER, PTRACE_TRACEME ... and back for reports.
// Must not know which values are allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sb::policy {

// A decimal, 0x or negative number, a name, or several joined by |. nullopt for anything else.
std::optional<std::uint64_t> parse_symbol(std::string_view text);

std::span<const std::string_view> symbol_names();

// One argument of a call as people read it: "AF_NETLINK", "CLONE_NEWUSER|CLONE_NEWNS",
// "0x7ffc0000".
std::string describe_argument(int syscall, unsigned index, std::uint64_t value);

}  // namespace sb::policy
