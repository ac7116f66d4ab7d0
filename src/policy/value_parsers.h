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

// "2009-11-10T23:00:00Z", with a fraction of up to nine digits or without, or the day alone: UTC,
// from 1970 to 2199. Nanoseconds since 1970.
std::optional<std::uint64_t> parse_time_ns(std::string_view text);
// The same way round: "2009-11-10T23:00:00Z", with a fraction of nine digits where there is one.
std::string format_time(std::uint64_t ns);

// Absolute, without ".." or an empty name in it: a path inside the sandbox.
bool is_path_inside(std::string_view path);

}  // namespace sb::policy
