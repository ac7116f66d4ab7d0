// The one table of keys: the same setters serve TOML and options.
// Must not read files or merge profiles.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"
#include "policy/config_value.h"
#include "policy/key_error.h"
#include "policy/profile.h"

namespace sb::policy {

// A member of a table that is a key's value.
struct KeyMember {
  std::string_view name;
  std::string_view help;
};

struct Key {
  std::string_view name;  // "limits.memory"; the keys of the top level have no dot
  std::string_view help;  // one line
  // In the option's spelling. nullptr: only a table can say it.
  Result<Done> (*from_text)(Profile&, std::string_view text, const Place&);
  // A TOML table (of lists: one item). nullptr: there is no such spelling.
  Result<Done> (*from_table)(Profile&, const ConfigValue& table, const Place&);
  bool is_list = false;
  std::span<const KeyMember> members = {};  // of from_table, where its names are known
};

std::span<const Key> all_keys();
// Those of one test in the args of syscalls.allow and syscalls.deny.
std::span<const KeyMember> argument_test_members();
std::span<const std::string_view> key_names();

// nullptr: no such key.
const Key* find_key(std::string_view name);

// Whether a key starts with "NAME.": such a name stands for a table.
bool is_section(std::string_view name);
// One member of a document: a section with its keys, or a key of the top level. `others`: names
// that may stand there, too, for what is nearest to a mistyped one.
Result<Done> apply_member(Profile&, const ConfigMember&,
                          std::span<const std::string_view> others = {});

// The setters of [files], [environment] and [syscalls] (profile_files.cc, profile_syscalls.cc).
Result<Done> set_root(Profile&, std::string_view, const Place&);
Result<Done> set_workspace(Profile&, std::string_view, const Place&);
Result<Done> set_workspace_table(Profile&, const ConfigValue&, const Place&);
Result<Done> add_mount(Profile&, std::string_view, const Place&);
Result<Done> add_mount_table(Profile&, const ConfigValue&, const Place&);
Result<Done> add_tmpfs(Profile&, std::string_view, const Place&);
Result<Done> add_put(Profile&, std::string_view, const Place&);
Result<Done> add_put_table(Profile&, const ConfigValue&, const Place&);
Result<Done> add_get(Profile&, std::string_view, const Place&);
Result<Done> add_get_table(Profile&, const ConfigValue&, const Place&);
Result<Done> set_directory(Profile&, std::string_view, const Place&);
Result<Done> set_workspace_owner(Profile&, std::string_view, const Place&);
Result<Done> set_variable(Profile&, std::string_view, const Place&);
Result<Done> set_variables_table(Profile&, const ConfigValue&, const Place&);
Result<Done> pass_variable(Profile&, std::string_view, const Place&);
Result<Done> set_default_action(Profile&, std::string_view, const Place&);
Result<Done> set_on_violation(Profile&, std::string_view, const Place&);
Result<Done> import_policy(Profile&, std::string_view, const Place&);
Result<Done> add_allowed(Profile&, std::string_view, const Place&);
Result<Done> add_allowed_table(Profile&, const ConfigValue&, const Place&);
Result<Done> add_denied(Profile&, std::string_view, const Place&);
Result<Done> add_denied_table(Profile&, const ConfigValue&, const Place&);

// Hands each member of a table to its reader; unknown names are errors.
struct Member {
  std::string_view name;
  const ConfigValue** value;  // set where the table has it
};
Result<Done> take_members(const ConfigValue& table, const Place& place,
                          std::span<const Member> members);
// The text of a member that must be a string or number.
Result<std::string> text_of_member(const ConfigValue& value, const Place& place,
                                   std::string_view name);

}  // namespace sb::policy
