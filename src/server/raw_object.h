// The members of a JSON object as they are written, found by a look at its outermost level only.
// Must not judge the values: whoever needs one reads it (policy/json_reader.h).
//
// Why: who hands a request on needs two or three of its members, and a request may hold a program
// and its input of many megabytes; reading those is the work of the one who runs it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace sb::server {

struct RawMember {
  std::string_view key;    // between its quotes, escapes as they are
  std::string_view value;  // with its quotes or brackets, without space around it
};

// nullopt: `text` is no object. What this takes for one may still be no JSON; what is JSON is never
// cut in another place than a JSON reader would.
std::optional<std::vector<RawMember>> raw_members(std::string_view text);

// The first one of that name; nullptr: none.
const RawMember* find_member(const std::vector<RawMember>& members, std::string_view key);

}  // namespace sb::server
