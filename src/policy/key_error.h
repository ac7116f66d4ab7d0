// Errors about one value or key, worded alike for files and options.
// Must not know any key.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/profile.h"

namespace sb::policy {

// The place of a value: its full key and where it stands.
struct Place {
  std::string key;  // "limits.memory"
  Origin origin;
};

// In a file: `go.toml:4:10: limits.memory: WHAT` [profile_value]; of an option:
// `--memory: WHAT` [usage].
Error value_error(const Place& place, std::string_view what);

// `"TEXT" is not FORM`, as value_error.
Error bad_value(const Place& place, std::string_view text, std::string_view form);

// `go.toml:4:1: no key "limits.memry"; did you mean ...?` with the nearest of the known ones.
Error unknown_key(const Place& place, std::span<const std::string_view> known);

// The same where one knows which key was meant.
Error unknown_key_meant(const Place& place, std::string_view meant);

// `go.toml:4:1: no system call "raed"; did you mean ...?`
Error unknown_syscall(const Place& place, std::string_view name);

}  // namespace sb::policy
