// What another reader of JSON, nlohmann-json, makes of a text: the only place that knows it here.
// Must not use any code of ours but what it compares.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/config_value.h"
#include "server/raw_object.h"

namespace sbfuzz {

bool is_json(std::string_view text);

// The string at "a/b" or "a/0" of a document; nullopt: there is no such string.
std::optional<std::string> string_at(std::string_view text, std::string_view path);
// The unsigned number there.
std::optional<std::uint64_t> number_at(std::string_view text, std::string_view path);

// Whether `value` is the document's, and stands where it says.
bool is_same_document(const sb::policy::ConfigValue& value, std::string_view text);

bool is_object(std::string_view text);
// Whether these are the members of the object that `text` is; of two equal keys a reader keeps one.
bool are_its_members(const std::vector<sb::server::RawMember>& members, std::string_view text);

}  // namespace sbfuzz
