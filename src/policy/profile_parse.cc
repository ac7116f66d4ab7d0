// parse_profile: one file's tree, key by key through the table.
#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "policy/profile_keys.h"
#include "policy/toml_reader.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

// Names a mistyped key could be: at the top level also the sections, and keys by their last part.
Error no_such_key(const Place& place, std::span<const std::string_view> others) {
  for (const std::string_view key : key_names()) {
    const std::size_t dot = key.find('.');
    if (dot != std::string_view::npos && key.substr(dot + 1) == place.key) {
      return unknown_key_meant(place, key);
    }
  }
  std::vector<std::string_view> known(key_names().begin(), key_names().end());
  known.insert(known.end(), others.begin(), others.end());
  std::set<std::string_view> sections;
  for (const std::string_view key : key_names()) {
    if (key.find('.') != std::string_view::npos) {
      sections.insert(key.substr(0, key.find('.')));
    }
  }
  known.insert(known.end(), sections.begin(), sections.end());
  return unknown_key(place, known);
}

Result<Done> apply_text(Profile& profile, const Key& key, const ConfigValue& value,
                        const Place& place) {
  if (key.from_text == nullptr) {
    return value_error(place, "a table is expected");
  }
  if (value.text.find('\0') != std::string::npos) {
    return bad_value(place, value.text, "free of NUL bytes");
  }
  return key.from_text(profile, value.text, place);
}

Result<Done> apply_item(Profile& profile, const Key& key, const ConfigValue& value) {
  const Place place{std::string(key.name), value.origin};
  if (value.is_text()) {
    return apply_text(profile, key, value, place);
  }
  if (value.kind != ConfigValue::Kind::table || key.from_table == nullptr) {
    return value_error(place, "a string is expected here");
  }
  return key.from_table(profile, value, place);
}

Result<Done> apply(Profile& profile, const Key& key, const ConfigValue& value) {
  const Place place{std::string(key.name), value.origin};
  if (!key.is_list) {
    // A text would be one assignment in the option's spelling, which a file has no use for.
    if (key.name == "environment.set" && value.kind != ConfigValue::Kind::table) {
      return value_error(place, "a table is expected: set = { NAME = \"VALUE\" }");
    }
    return apply_item(profile, key, value);
  }
  if (value.kind != ConfigValue::Kind::list) {
    return value_error(place, "a list is expected: [ ... ]");
  }
  for (const ConfigValue& item : value.items) {
    CHECK(apply_item(profile, key, item));
  }
  return Done{};
}

Result<Done> apply_section(Profile& profile, const std::string& section, const ConfigValue& table) {
  for (const auto& [name, value] : table.members) {
    const std::string full = fmt::format("{}.{}", section, name.value);
    const Key* key = find_key(full);
    if (key == nullptr) {
      return no_such_key({full, name.origin}, {});
    }
    CHECK(apply(profile, *key, value));
  }
  return Done{};
}

}  // namespace

bool is_section(std::string_view name) {
  const auto keys = key_names();
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) {
    return key.size() > name.size() && key.starts_with(name) && key[name.size()] == '.';
  });
}

Result<Done> apply_member(Profile& profile, const ConfigMember& member,
                          std::span<const std::string_view> others) {
  const auto& [name, value] = member;
  if (is_section(name.value)) {
    if (value.kind != ConfigValue::Kind::table) {
      return value_error({name.value, value.origin},
                         value.origin.of_request
                             ? std::string("an object is expected: {...}")
                             : fmt::format("a table is expected: [{}]", name.value));
    }
    return apply_section(profile, name.value, value);
  }
  const Key* key = find_key(name.value);
  if (key == nullptr || name.value.find('.') != std::string::npos) {
    return no_such_key({name.value, name.origin}, others);
  }
  return apply(profile, *key, value);
}

Result<Profile> parse_profile(std::string_view text, const std::string& source) {
  const ConfigValue document = TRY(read_toml(text, source));
  Profile profile;
  for (const ConfigMember& member : document.members) {
    CHECK(apply_member(profile, member));
  }
  return profile;
}

}  // namespace sb::policy
