// Words for messages: untrusted text made printable, and the known name nearest to a mistyped one.
// Must not know what the names mean.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sb::policy {

// "text" on one line: bad bytes as \xNN, cut after 60 characters.
std::string in_quotes(std::string_view text);

// The known name with the smallest edit distance, or an empty view when none is near enough to be
// what was meant.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// `; did you mean "name"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace sb::policy
