// A profile's settings as a list of options: everything but [syscalls], whose filter is made apart.
// Must not read profiles; make_filters writes such lists for the built-in ones.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "policy/profile.h"

namespace sb::policy {

// ("limits.memory", "536870912"), in the spelling of set_option. A setting that has no such
// spelling (put, get) is an error: profile.value.
Result<std::vector<std::pair<std::string, std::string>>> settings_of(const Profile& profile);

// A built-in profile, merged and checked when this program was built.
struct PreparedProfile {
  std::string_view name;
  std::string_view sha256;
  std::span<const std::pair<std::string_view, std::string_view>> settings;
};

// The profile without its [syscalls]. Errors: those of set_option.
Result<Profile> unpack(const PreparedProfile& prepared);

}  // namespace sb::policy
