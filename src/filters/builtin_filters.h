// The built-in profiles, merged, checked and their filters compiled when this program was built.
// Must not hold any other profile: those are read and compiled when they are needed.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <linux/filter.h>

#include "policy/profile_settings.h"

namespace sb::filters {

// What seccomp::compile(…, notify, waiting_cookie) gives for the built-in profile with this text
// (sha256 of all files merged, in hex), unchanged by any option, with or without the rules of
// policy/set_id_bits.h. nullopt: no such profile.
std::optional<std::span<const sock_filter>> builtin_filter(std::string_view profile_sha256,
                                                           bool set_id_bits_forbidden);

// Another one whenever seccomp::compile makes another program of a built-in profile.
std::string_view compiler_fingerprint();

// The settings of the built-in profile of this name; nullptr where there is none.
const policy::PreparedProfile* builtin_profile(std::string_view name);

}  // namespace sb::filters
