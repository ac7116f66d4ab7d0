#include "fuzz/json_check.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/units.h"

namespace sbfuzz {
namespace {

using nlohmann::json;
using sb::policy::ConfigValue;

json parsed(std::string_view text) { return json::parse(text, nullptr, false); }

// The text from a line and column on; empty where there is no such place.
std::string_view text_at(std::string_view text, const sb::policy::Origin& origin) {
  for (unsigned line = 1; line < origin.line; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (origin.line == 1 && text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  return text.substr(std::min<std::size_t>(origin.column - 1, text.size()));
}

bool is_same(const ConfigValue& value, const json& other, std::string_view text) {
  const std::string_view here = text_at(text, value.origin);
  switch (value.kind) {
    case ConfigValue::Kind::string:
      return here.starts_with('"') && other.is_string() &&
             other.get_ref<const std::string&>() == value.text;
    case ConfigValue::Kind::scalar:
      if (value.text.empty()) {
        return here.starts_with("null") && other.is_null();
      }
      // Why dump: a float's spelling may differ, its value may not.
      return here.starts_with(value.text) && parsed(value.text).dump() == other.dump();
    case ConfigValue::Kind::list: {
      if (!here.starts_with('[') || !other.is_array() || other.size() != value.items.size()) {
        return false;
      }
      std::size_t at = 0;
      return std::all_of(value.items.begin(), value.items.end(),
                         [&](const ConfigValue& item) { return is_same(item, other[at++], text); });
    }
    case ConfigValue::Kind::table:
      return here.starts_with('{') && other.is_object() && other.size() == value.members.size() &&
             std::all_of(value.members.begin(), value.members.end(), [&](const auto& member) {
               return text_at(text, member.key.origin).starts_with('"') &&
                      other.contains(member.key.value) &&
                      is_same(member.value, other[member.key.value], text);
             });
  }
  return false;
}

const json* at(const json& document, std::string_view path) {
  const json* here = &document;
  while (!path.empty() && here != nullptr) {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (here->is_array()) {
      const auto index = sb::parse_unsigned(name);
      here = index && *index < here->size() ? &(*here)[*index] : nullptr;
      continue;
    }
    here = here->is_object() && here->contains(name) ? &(*here)[name] : nullptr;
  }
  return here;
}

}  // namespace

// Why without a NUL: this reader takes one for the end, and never sees what follows it.
bool is_json(std::string_view text) {
  return text.find('\0') == std::string_view::npos && json::accept(text);
}

std::optional<std::string> string_at(std::string_view text, std::string_view path) {
  const json document = parsed(text);
  const json* found = at(document, path);
  return found != nullptr && found->is_string() ? std::optional(found->get<std::string>())
                                                : std::nullopt;
}

std::optional<std::uint64_t> number_at(std::string_view text, std::string_view path) {
  const json document = parsed(text);
  const json* found = at(document, path);
  return found != nullptr && found->is_number_unsigned()
             ? std::optional(found->get<std::uint64_t>())
             : std::nullopt;
}

bool is_same_document(const ConfigValue& value, std::string_view text) {
  const json document = parsed(text);
  return !document.is_discarded() && is_same(value, document, text);
}

bool is_object(std::string_view text) { return parsed(text).is_object(); }

bool are_its_members(const std::vector<sb::server::RawMember>& members, std::string_view text) {
  const json document = parsed(text);
  if (!document.is_object() || members.size() < document.size()) {
    return false;
  }
  return std::all_of(members.begin(), members.end(), [&](const sb::server::RawMember& member) {
    const json key = parsed('"' + std::string(member.key) + '"');
    const json value = parsed(member.value);
    return key.is_string() && document.contains(key.get<std::string>()) && !value.is_discarded() &&
           (members.size() > document.size() || document.at(key.get<std::string>()) == value);
  });
}

}  // namespace sbfuzz
