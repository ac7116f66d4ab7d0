// The built-in profiles' filters, compiled when this program was built.
// Must not hold any other profile's: supervise/ compiles those when they are needed.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <linux/filter.h>

namespace sb::filters {

// What seccomp::compile(…, notify, waiting_cookie) gives for the built-in profile with this text
// (sha256 of all files merged, in hex), unchanged by any option. nullopt: no such profile.
std::optional<std::span<const sock_filter>> builtin_filter(std::string_view profile_sha256);

}  // namespace sb::filters
