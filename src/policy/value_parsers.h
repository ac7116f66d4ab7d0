// Texts of single values to values: amounts, paths, actions.
// Must not know which key a text belongs to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/profile.h"

namespace sb::policy {

// Each: nullopt where the text is not of the form.
std::optional<std::uint64_t> parse_cpus_millis(std::string_view text);  // "1.5" is 1500
bool is_cpu_set(std::string_view text);                                 // "0-1,3"
std::optional<bool> parse_bool(std::string_view text);                  // "true", "false"
std::optional<int> parse_errno(std::string_view name);                  // "EPERM"
std::optional<SyscallAction> parse_action(std::string_view text);  // "kill", "errno EPERM", "log"

// Absolute, without ".." or an empty name in it: a path inside the sandbox.
bool is_path_inside(std::string_view path);

}  // namespace sb::policy
