#include "policy/oci_seccomp.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/json_reader.h"
#include "policy/oci_condition.h"
#include "policy/syscall_table.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

Error oci_error(const std::string& place, std::string_view what) {
  return {Tag::profile_value, fmt::format("{}: {}", place, what)};
}

const ConfigValue* find(const ConfigValue& table, std::string_view name) {
  for (const auto& [key, value] : table.members) {
    if (key.value == name) {
      return &value;
    }
  }
  return nullptr;
}

std::string text_of(const ConfigValue& table, std::string_view name) {
  const ConfigValue* value = find(table, name);
  return value != nullptr && value->is_text() ? value->text : std::string();
}

std::vector<std::string> texts_of(const ConfigValue& table, std::string_view name) {
  std::vector<std::string> texts;
  if (const ConfigValue* list = find(table, name)) {
    for (const ConfigValue& item : list->items) {
      texts.push_back(item.text);
    }
  }
  return texts;
}

Result<SyscallAction> read_action(const ConfigValue& table, std::string_view action_key,
                                  std::string_view errno_key, const std::string& place) {
  const std::string action = text_of(table, action_key);
  if (action == "SCMP_ACT_ALLOW") {
    return SyscallAction{ActionKind::allow, 0};
  }
  if (action == "SCMP_ACT_LOG") {
    return SyscallAction{ActionKind::notify, 0};
  }
  if (action == "SCMP_ACT_ERRNO") {
    const std::string text = text_of(table, errno_key);
    const std::optional<std::uint64_t> err = text.empty() ? EPERM : parse_unsigned(text);
    if (!err || *err > 4095) {
      return oci_error(place, fmt::format("{} is no errno", in_quotes(text)));
    }
    // An errno of 0 would report success for a call that never ran.
    return *err == 0 ? Result<SyscallAction>(oci_error(place, "an errno of 0 is no refusal"))
                     : SyscallAction{ActionKind::err, static_cast<int>(*err)};
  }
  constexpr std::array<std::string_view, 4> kills = {"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                                                     "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"};
  if (std::find(kills.begin(), kills.end(), action) != kills.end()) {
    return SyscallAction{ActionKind::kill, 0};
  }
  return oci_error(place, fmt::format("the action {} has no meaning here", in_quotes(action)));
}

// Docker's own additions: entries for some architectures or for containers with capabilities.
bool is_for_us(const ConfigValue& entry) {
  const auto names_us = [](const std::vector<std::string>& arches) {
    return std::find(arches.begin(), arches.end(), "amd64") != arches.end();
  };
  if (const ConfigValue* includes = find(entry, "includes")) {
    const std::vector<std::string> arches = texts_of(*includes, "arches");
    if (!texts_of(*includes, "caps").empty() || (!arches.empty() && !names_us(arches))) {
      return false;
    }
  }
  const ConfigValue* excludes = find(entry, "excludes");
  return excludes == nullptr || !names_us(texts_of(*excludes, "arches"));
}

// nullopt: no argument can satisfy it.
Result<std::optional<ArgCondition>> read_condition(const ConfigValue& arg, bool grants,
                                                   const std::string& place) {
  const std::optional<std::uint64_t> index = parse_unsigned(text_of(arg, "index"));
  const std::optional<std::uint64_t> value = parse_unsigned(text_of(arg, "value"));
  const std::string two = text_of(arg, "valueTwo");
  const std::optional<std::uint64_t> value_two = two.empty() ? 0 : parse_unsigned(two);
  if (!index || *index > 5 || !value || !value_two) {
    return oci_error(place, "a test of an argument needs an index from 0 to 5 and a value");
  }
  const std::string op = text_of(arg, "op");
  std::optional<std::vector<MaskedValue>> any_of = masked_values(op, *value, *value_two, grants);
  if (!any_of) {
    return oci_error(place, fmt::format("no operator {}", in_quotes(op)));
  }
  if (any_of->empty()) {
    return std::optional<ArgCondition>();
  }
  return std::optional(ArgCondition{static_cast<unsigned>(*index), *std::move(any_of)});
}

// The tests of one entry as lists that are joined by "or", each of conditions joined by "and".
Result<std::vector<std::vector<ArgCondition>>> read_args(const ConfigValue& entry, bool grants,
                                                         const std::string& place) {
  const ConfigValue* args = find(entry, "args");
  if (args == nullptr || args->items.empty()) {
    return std::vector<std::vector<ArgCondition>>{{}};
  }
  std::set<std::string> indexes;
  std::vector<ArgCondition> conditions;
  bool impossible = false;
  for (const ConfigValue& arg : args->items) {
    std::optional<ArgCondition> condition = TRY(read_condition(arg, grants, place));
    indexes.insert(text_of(arg, "index"));
    if (condition) {
      conditions.push_back(*std::move(condition));
    } else {
      impossible = true;
    }
  }
  std::vector<std::vector<ArgCondition>> lists;
  // As runc does: several tests of one argument are joined by "or", for libseccomp takes one only.
  if (indexes.size() < args->items.size()) {
    for (ArgCondition& condition : conditions) {
      lists.push_back({std::move(condition)});
    }
  } else if (!impossible) {
    lists.push_back(std::move(conditions));
  }
  return lists;
}

Result<Done> add_entry(OciPolicy& policy, const ConfigValue& entry, const std::string& place) {
  std::vector<std::string> names = texts_of(entry, "names");
  if (const std::string name = text_of(entry, "name"); !name.empty()) {
    names.push_back(name);
  }
  if (names.empty()) {
    return oci_error(place, "an entry needs names");
  }
  const SyscallAction action = TRY(read_action(entry, "action", "errnoRet", place));
  const bool grants =
      action.kind == ActionKind::allow || (action.kind == ActionKind::notify && action.err == 0);
  const std::vector<std::vector<ArgCondition>> lists = TRY(read_args(entry, grants, place));
  for (const std::string& name : names) {
    if (!number_of(name)) {
      if (is_foreign_name(name)) {
        continue;
      }
      return Error(Tag::profile_unknown_syscall,
                   fmt::format("{}: no system call {}{}", place, in_quotes(name),
                               did_you_mean(name, syscall_names())));
    }
    for (const std::vector<ArgCondition>& args : lists) {
      SyscallEntry made;
      made.name = name;
      made.args = args;
      made.why = text_of(entry, "comment");
      made.origin = entry.origin;
      if (action.kind == ActionKind::allow) {
        policy.layer.allow.push_back(std::move(made));
      } else {
        made.action = action;
        policy.layer.deny.push_back(std::move(made));
      }
    }
  }
  return Done{};
}

}  // namespace

Result<OciPolicy> read_oci_seccomp(std::string_view text, const std::string& source) {
  const ConfigValue document = TRY(read_json(text, {.source = source}));
  OciPolicy policy;
  policy.layer.source = source;
  policy.layer.import_text = text;
  policy.layer.is_whole = true;
  policy.default_action =
      TRY(read_action(document, "defaultAction", "defaultErrnoRet", source + ": defaultAction"));
  const ConfigValue* syscalls = find(document, "syscalls");
  if (syscalls == nullptr) {
    return policy;
  }
  for (std::size_t i = 0; i < syscalls->items.size(); ++i) {
    const ConfigValue& entry = syscalls->items[i];
    if (is_for_us(entry)) {
      CHECK(add_entry(policy, entry, fmt::format("{}: syscalls[{}]", source, i)));
    }
  }
  return policy;
}

}  // namespace sb::policy
