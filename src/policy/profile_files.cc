// The setters of [files] and [environment].
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/profile_keys.h"
#include "policy/value_parsers.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

constexpr std::string_view inside_form = "an absolute path inside, without . or ..";

// "SRC:DST" cut at the first colon; nullopt where a part is missing.
std::optional<std::pair<std::string, std::string>> cut_pair(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return std::nullopt;
  }
  return std::pair(std::string(text.substr(0, colon)), std::string(text.substr(colon + 1)));
}

std::optional<MountMode> parse_mount_mode(std::string_view text) {
  if (text == "ro") {
    return MountMode::read_only;
  }
  return text == "rw" ? std::optional(MountMode::read_write) : std::nullopt;
}

std::optional<WorkspaceMode> parse_workspace_mode(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, WorkspaceMode>, 4> modes = {{
      {"scratch", WorkspaceMode::scratch},
      {"ro", WorkspaceMode::read_only},
      {"rw", WorkspaceMode::read_write},
      {"cow", WorkspaceMode::copy_on_write},
  }};
  for (const auto& [name, mode] : modes) {
    if (name == text) {
      return mode;
    }
  }
  return std::nullopt;
}

// A mount on the same target as an earlier one takes its place.
Result<Done> add(Profile& profile, MountEntry entry, const Place& place) {
  if (entry.source.empty()) {
    return bad_value(place, entry.source, "the path of something on the host");
  }
  if (!is_path_inside(entry.target) || entry.target == "/") {
    return bad_value(place, entry.target, fmt::format("{}, below /", inside_form));
  }
  auto& mounts = profile.files.mounts;
  std::erase_if(mounts, [&](const auto& old) { return old.value.target == entry.target; });
  mounts.push_back({std::move(entry), place.origin});
  return Done{};
}

Result<Done> add(Profile& profile, PutEntry entry, const Place& place) {
  if (entry.source.empty() || !is_path_inside(entry.target)) {
    return bad_value(place, entry.target, inside_form);
  }
  profile.files.put.push_back({std::move(entry), place.origin});
  return Done{};
}

Result<Done> add(Profile& profile, GetEntry entry, const Place& place) {
  if (entry.target.empty() || !is_path_inside(entry.source)) {
    return bad_value(place, entry.source, inside_form);
  }
  profile.files.get.push_back({std::move(entry), place.origin});
  return Done{};
}

Result<Done> set_workspace_choice(Profile& profile, std::string_view mode,
                                  std::optional<std::string> source, const Place& place) {
  const std::optional<WorkspaceMode> known = parse_workspace_mode(mode);
  if (!known) {
    return bad_value(place, mode, "scratch, ro, rw or cow; all but scratch may add :DIR");
  }
  if (*known == WorkspaceMode::scratch && source) {
    return value_error(place, "a scratch workspace starts empty: it has no source");
  }
  if (source && source->empty()) {
    return bad_value(place, *source, "the path of a directory");
  }
  profile.files.workspace = {WorkspaceChoice{*known, source.value_or("")}, place.origin};
  return Done{};
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
}

}  // namespace

Result<Done> take_members(const ConfigValue& table, const Place& place,
                          std::span<const Member> members) {
  for (const ConfigMember& given : table.members) {
    const Setting<std::string>& key = given.key;
    const auto known = std::find_if(members.begin(), members.end(),
                                    [&](const Member& m) { return m.name == key.value; });
    if (known == members.end()) {
      std::vector<std::string_view> names;
      for (const Member& member : members) {
        names.push_back(member.name);
      }
      const std::string_view meant = nearest(key.value, names);
      return unknown_key_meant({fmt::format("{}.{}", place.key, key.value), key.origin},
                               meant.empty() ? "" : fmt::format("{}.{}", place.key, meant));
    }
    *known->value = &given.value;
  }
  return Done{};
}

Result<std::string> text_of_member(const ConfigValue& value, const Place& place,
                                   std::string_view name) {
  const Place member{fmt::format("{}.{}", place.key, name), value.origin};
  if (!value.is_text()) {
    return value_error(member, "a string is expected");
  }
  if (value.text.find('\0') != std::string::npos) {
    return bad_value(member, value.text, "free of NUL bytes");
  }
  return value.text;
}

Result<Done> set_root(Profile& profile, std::string_view text, const Place& place) {
  RootChoice choice;
  if (text == "empty") {
    choice.kind = RootKind::empty;
  } else if (text.find('/') != std::string_view::npos) {
    choice = {RootKind::path, std::string(text)};
  } else if (text != "host") {
    return bad_value(place, text, "host, empty, or a path (it has a slash)");
  }
  profile.files.root = {std::move(choice), place.origin};
  return Done{};
}

Result<Done> set_workspace(Profile& profile, std::string_view text, const Place& place) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return set_workspace_choice(profile, text, std::nullopt, place);
  }
  return set_workspace_choice(profile, text.substr(0, colon), std::string(text.substr(colon + 1)),
                              place);
}

Result<Done> set_workspace_table(Profile& profile, const ConfigValue& table, const Place& place) {
  const ConfigValue* mode = nullptr;
  const ConfigValue* source = nullptr;
  CHECK(take_members(table, place, std::array{Member{"mode", &mode}, Member{"source", &source}}));
  if (mode == nullptr) {
    return value_error(place, "mode is missing: scratch, ro, rw or cow");
  }
  const std::string mode_text = TRY(text_of_member(*mode, place, "mode"));
  std::optional<std::string> source_text;
  if (source != nullptr) {
    source_text = TRY(text_of_member(*source, place, "source"));
  }
  return set_workspace_choice(profile, mode_text, std::move(source_text), place);
}

Result<Done> add_mount(Profile& profile, std::string_view text, const Place& place) {
  constexpr std::string_view form = "SRC:DST:ro or SRC:DST:rw";
  std::optional<std::pair<std::string, std::string>> paths = cut_pair(text);
  if (!paths) {
    return bad_value(place, text, form);
  }
  MountMode mode = MountMode::read_only;
  if (const std::size_t colon = paths->second.rfind(':'); colon != std::string::npos) {
    const std::optional<MountMode> known =
        parse_mount_mode(std::string_view(paths->second).substr(colon + 1));
    if (!known) {
      return bad_value(place, text, form);
    }
    mode = *known;
    paths->second.resize(colon);
  }
  return add(profile, MountEntry{paths->first, paths->second, mode}, place);
}

Result<Done> add_mount_table(Profile& profile, const ConfigValue& table, const Place& place) {
  const ConfigValue* source = nullptr;
  const ConfigValue* target = nullptr;
  const ConfigValue* mode = nullptr;
  CHECK(take_members(
      table, place,
      std::array{Member{"source", &source}, Member{"target", &target}, Member{"mode", &mode}}));
  if (source == nullptr || target == nullptr) {
    return value_error(place, "a mount needs source and target");
  }
  MountEntry entry;
  entry.source = TRY(text_of_member(*source, place, "source"));
  entry.target = TRY(text_of_member(*target, place, "target"));
  if (mode != nullptr) {
    const std::string text = TRY(text_of_member(*mode, place, "mode"));
    const std::optional<MountMode> known = parse_mount_mode(text);
    if (!known) {
      return bad_value({place.key, mode->origin}, text, "ro or rw");
    }
    entry.mode = *known;
  }
  return add(profile, std::move(entry), place);
}

Result<Done> add_tmpfs(Profile& profile, std::string_view text, const Place& place) {
  if (!is_path_inside(text) || text == "/") {
    return bad_value(place, text, fmt::format("{}, below /", inside_form));
  }
  profile.files.tmpfs.push_back({std::string(text), place.origin});
  return Done{};
}

Result<Done> add_put(Profile& profile, std::string_view text, const Place& place) {
  constexpr std::string_view form = "SRC:DST or SRC:DST:extract";
  constexpr std::string_view extract = ":extract";
  const bool is_archive = text.ends_with(extract);
  const auto paths = cut_pair(is_archive ? text.substr(0, text.size() - extract.size()) : text);
  if (!paths) {
    return bad_value(place, text, form);
  }
  return add(profile, PutEntry{paths->first, paths->second, is_archive}, place);
}

Result<Done> add_put_table(Profile& profile, const ConfigValue& table, const Place& place) {
  const ConfigValue* source = nullptr;
  const ConfigValue* target = nullptr;
  const ConfigValue* extract = nullptr;
  CHECK(take_members(table, place,
                     std::array{Member{"source", &source}, Member{"target", &target},
                                Member{"extract", &extract}}));
  if (source == nullptr || target == nullptr) {
    return value_error(place, "put needs source and target");
  }
  PutEntry entry;
  entry.source = TRY(text_of_member(*source, place, "source"));
  entry.target = TRY(text_of_member(*target, place, "target"));
  if (extract != nullptr) {
    const std::string text = TRY(text_of_member(*extract, place, "extract"));
    const std::optional<bool> value = parse_bool(text);
    if (!value) {
      return bad_value({place.key, extract->origin}, text, "true or false");
    }
    entry.extract = *value;
  }
  return add(profile, std::move(entry), place);
}

Result<Done> add_get(Profile& profile, std::string_view text, const Place& place) {
  const auto paths = cut_pair(text);
  if (!paths) {
    return bad_value(place, text, "SRC:DST");
  }
  return add(profile, GetEntry{paths->first, paths->second, std::nullopt}, place);
}

Result<Done> add_get_table(Profile& profile, const ConfigValue& table, const Place& place) {
  const ConfigValue* source = nullptr;
  const ConfigValue* target = nullptr;
  const ConfigValue* max = nullptr;
  CHECK(take_members(
      table, place,
      std::array{Member{"source", &source}, Member{"target", &target}, Member{"max", &max}}));
  if (source == nullptr || target == nullptr) {
    return value_error(place, "get needs source and target");
  }
  GetEntry entry;
  entry.source = TRY(text_of_member(*source, place, "source"));
  entry.target = TRY(text_of_member(*target, place, "target"));
  if (max != nullptr) {
    const std::string text = TRY(text_of_member(*max, place, "max"));
    entry.max_bytes = parse_size_bytes(text);
    if (!entry.max_bytes) {
      return bad_value({place.key, max->origin}, text, "a size: write 64K, 1MiB or plain bytes");
    }
  }
  return add(profile, std::move(entry), place);
}

Result<Done> set_directory(Profile& profile, std::string_view text, const Place& place) {
  if (!is_path_inside(text)) {
    return bad_value(place, text, inside_form);
  }
  profile.files.directory = {std::string(text), place.origin};
  return Done{};
}

Result<Done> set_workspace_owner(Profile& profile, std::string_view text, const Place& place) {
  constexpr std::uint64_t highest = 0xfffffffe;  // Kernel: -1 means "no id".
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::optional<std::uint64_t> uid = parse_unsigned(text.substr(0, colon));
  const std::optional<std::uint64_t> gid =
      colon == text.size() ? uid : parse_unsigned(text.substr(colon + 1));
  // Why: root's files and rights are what a run as somebody else is to keep out of.
  if (!uid || !gid || *uid == 0 || *gid == 0 || *uid > highest || *gid > highest) {
    return bad_value(place, text, "UID or UID:GID as numbers, neither of them 0");
  }
  profile.files.workspace_owner = {
      Owner{static_cast<std::uint32_t>(*uid), static_cast<std::uint32_t>(*gid)}, place.origin};
  return Done{};
}

Result<Done> set_variable(Profile& profile, std::string_view text, const Place& place) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return bad_value(place, text, "NAME=VALUE");
  }
  profile.environment.set.insert_or_assign(
      std::string(text.substr(0, equals)),
      Setting<std::string>{std::string(text.substr(equals + 1)), place.origin});
  return Done{};
}

Result<Done> set_variables_table(Profile& profile, const ConfigValue& table, const Place& place) {
  for (const auto& [name, value] : table.members) {
    if (!is_variable_name(name.value)) {
      return bad_value({place.key, name.origin}, name.value, "the name of a variable");
    }
    std::string text = TRY(text_of_member(value, place, name.value));
    profile.environment.set.insert_or_assign(name.value,
                                             Setting<std::string>{std::move(text), value.origin});
  }
  return Done{};
}

Result<Done> pass_variable(Profile& profile, std::string_view text, const Place& place) {
  if (!is_variable_name(text)) {
    return bad_value(place, text, "the name of a variable");
  }
  profile.environment.pass.push_back({std::string(text), place.origin});
  return Done{};
}

}  // namespace sb::policy
