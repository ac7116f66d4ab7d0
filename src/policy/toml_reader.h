// TOML text to ConfigValue. The only user of toml++ is toml_reader.cc.
// Must not know the keys of a profile.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/config_value.h"

namespace sb::policy {

// Limit: a profile is at most this long.
inline constexpr std::size_t longest_profile = 65'536;

// The guard of toml_reader.cc alone: what toml++ must never see. Errors: profile_syntax.
Result<Done> check_toml_text(std::string_view text, const std::string& source);

// Errors: profile_syntax, on one line with its position.
Result<ConfigValue> read_toml(std::string_view text, const std::string& source);

}  // namespace sb::policy
