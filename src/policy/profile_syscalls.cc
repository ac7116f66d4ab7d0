// The setters of [syscalls].
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/profile_keys.h"
#include "policy/symbols.h"
#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"
#include "policy/value_parsers.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

constexpr std::string_view action_form = "kill, errno NAME (such as errno EPERM) or log";
constexpr std::uint64_t low_half = 0xffffffff;

SyscallLayer& own_layer(Profile& profile, const Place& place) {
  auto& layers = profile.syscalls.layers;
  if (layers.empty() || layers.back().source != place.origin.source) {
    layers.push_back({place.origin.source, {}, false, {}, {}});
  }
  return layers.back();
}

Result<Done> check_name(const std::string& name, const Place& place) {
  const bool known =
      name.starts_with('@') ? expand_group(name).has_value() : number_of(name).has_value();
  if (!known) {
    return unknown_syscall(place, name);
  }
  return Done{};
}

Result<std::uint64_t> read_symbol(const ConfigValue& value, const Place& place,
                                  std::string_view name) {
  const std::string text = TRY(text_of_member(value, place, name));
  const std::optional<std::uint64_t> number = parse_symbol(text);
  if (!number) {
    return value_error({place.key, value.origin},
                       fmt::format("{} is no number and no known name{}", in_quotes(text),
                                   did_you_mean(text, symbol_names())));
  }
  return *number;
}

// Kernel: an int argument's high half is noise, so an ordinary test looks at the low half alone
// (pitfall 9); a negative value is written as such.
Result<std::uint64_t> narrow(std::uint64_t value, bool wide, const Place& place) {
  const bool negative = value >> 31 == 0x1'ffff'ffff;
  if (wide || value <= low_half) {
    return value;
  }
  if (negative) {
    return value & low_half;
  }
  return value_error(place, fmt::format("{:#x} has more than 32 bits: add wide = true", value));
}

struct ArgMembers {
  const ConfigValue* index = nullptr;
  const ConfigValue* eq = nullptr;
  const ConfigValue* in = nullptr;
  const ConfigValue* masked = nullptr;
  const ConfigValue* wide = nullptr;
};

Result<Done> read_values(const ArgMembers& members, bool wide, const Place& place,
                         ArgCondition& condition) {
  std::uint64_t mask_value = wide ? ~std::uint64_t{0} : low_half;
  std::vector<std::uint64_t> values;
  if (members.eq != nullptr) {
    values.push_back(TRY(read_symbol(*members.eq, place, "eq")));
  } else if (members.in != nullptr) {
    if (members.in->kind != ConfigValue::Kind::list || members.in->items.empty()) {
      return value_error({place.key, members.in->origin}, "in is a list of one value or more");
    }
    for (const ConfigValue& item : members.in->items) {
      values.push_back(TRY(read_symbol(item, place, "in")));
    }
  } else {
    const ConfigValue* mask = nullptr;
    const ConfigValue* value = nullptr;
    CHECK(take_members(*members.masked, place,
                       std::array{Member{"mask", &mask}, Member{"value", &value}}));
    if (mask == nullptr || value == nullptr) {
      return value_error(place, "masked needs mask and value");
    }
    const std::uint64_t written = TRY(read_symbol(*mask, place, "mask"));
    mask_value = TRY(narrow(written, wide, place));
    values.push_back(TRY(read_symbol(*value, place, "value")));
  }
  for (const std::uint64_t value : values) {
    const std::uint64_t narrowed = TRY(narrow(value, wide, place));
    if ((narrowed & ~mask_value) != 0) {
      return value_error(place, "this can never hold: the value has bits outside the mask");
    }
    condition.any_of.push_back({mask_value, narrowed});
  }
  return Done{};
}

Result<ArgCondition> read_condition(const ConfigValue& table, const Place& outer) {
  const Place place{outer.key + ".args", table.origin};
  if (table.kind != ConfigValue::Kind::table) {
    return value_error(place, "a test is written { index = 0, eq = VALUE }");
  }
  ArgMembers members;
  CHECK(take_members(table, place,
                     std::array{Member{"index", &members.index}, Member{"eq", &members.eq},
                                Member{"in", &members.in}, Member{"masked", &members.masked},
                                Member{"wide", &members.wide}}));
  const int forms = (members.eq != nullptr ? 1 : 0) + (members.in != nullptr ? 1 : 0) +
                    (members.masked != nullptr ? 1 : 0);
  if (members.index == nullptr || forms != 1) {
    return value_error(place, "a test needs index and one of eq, in and masked");
  }
  const std::string index_text = TRY(text_of_member(*members.index, place, "index"));
  const std::optional<std::uint64_t> index = parse_unsigned(index_text);
  if (!index || *index > 5) {
    return bad_value(place, index_text, "an argument's index from 0 to 5");
  }
  bool wide = false;
  if (members.wide != nullptr) {
    const std::string text = TRY(text_of_member(*members.wide, place, "wide"));
    const std::optional<bool> value = parse_bool(text);
    if (!value) {
      return bad_value(place, text, "true or false");
    }
    wide = *value;
  }
  ArgCondition condition;
  condition.index = static_cast<unsigned>(*index);
  CHECK(read_values(members, wide, place, condition));
  return condition;
}

struct EntryMembers {
  const ConfigValue* name = nullptr;
  const ConfigValue* args = nullptr;
  const ConfigValue* why = nullptr;
  const ConfigValue* action = nullptr;
  const ConfigValue* log = nullptr;
};

Result<Done> read_action(const EntryMembers& members, const Place& place, SyscallEntry& entry) {
  if (members.action != nullptr) {
    const std::string text = TRY(text_of_member(*members.action, place, "action"));
    entry.action = parse_action(text);
    if (!entry.action) {
      return bad_value({place.key, members.action->origin}, text, action_form);
    }
  }
  if (members.log == nullptr) {
    return Done{};
  }
  const std::string text = TRY(text_of_member(*members.log, place, "log"));
  const std::optional<bool> log = parse_bool(text);
  if (!log) {
    return bad_value({place.key, members.log->origin}, text, "true or false");
  }
  if (*log && (!entry.action || entry.action->kind != ActionKind::err)) {
    return value_error({place.key, members.log->origin},
                       "log = true goes with an errno action; the others are listed anyway");
  }
  if (*log) {
    entry.action->kind = ActionKind::notify;
  }
  return Done{};
}

// The members that allow and deny share.
Result<SyscallEntry> read_entry(const ConfigValue& table, const Place& place,
                                const EntryMembers& members) {
  if (members.name == nullptr) {
    return value_error(place, "an entry needs the name of a call or group");
  }
  SyscallEntry entry;
  entry.origin = table.origin;
  entry.name = TRY(text_of_member(*members.name, place, "name"));
  CHECK(check_name(entry.name, {place.key, members.name->origin}));
  if (members.why != nullptr) {
    entry.why = TRY(text_of_member(*members.why, place, "why"));
  }
  if (members.args != nullptr) {
    if (entry.name.starts_with('@') || members.args->kind != ConfigValue::Kind::list) {
      return value_error({place.key, members.args->origin},
                         "args is a list of tests of one call's arguments, not of a group's");
    }
    for (const ConfigValue& item : members.args->items) {
      entry.args.push_back(TRY(read_condition(item, place)));
    }
  }
  return entry;
}

}  // namespace

Result<Done> set_default_action(Profile& profile, std::string_view text, const Place& place) {
  const std::optional<SyscallAction> action = parse_action(text);
  if (!action) {
    return bad_value(place, text, action_form);
  }
  profile.syscalls.default_action = {*action, place.origin};
  return Done{};
}

Result<Done> set_on_violation(Profile& profile, std::string_view text, const Place& place) {
  const std::optional<SyscallAction> action = parse_action(text == "errno" ? "errno EPERM" : text);
  if (!action) {
    return bad_value(place, text, "kill, errno or log");
  }
  profile.syscalls.on_violation = {*action, place.origin};
  return Done{};
}

Result<Done> add_allowed(Profile& profile, std::string_view text, const Place& place) {
  SyscallEntry entry;
  entry.name = text;
  entry.origin = place.origin;
  CHECK(check_name(entry.name, place));
  own_layer(profile, place).allow.push_back(std::move(entry));
  return Done{};
}

Result<Done> add_allowed_table(Profile& profile, const ConfigValue& table, const Place& place) {
  EntryMembers members;
  CHECK(take_members(table, place,
                     std::array{Member{"name", &members.name}, Member{"args", &members.args},
                                Member{"why", &members.why}}));
  own_layer(profile, place).allow.push_back(TRY(read_entry(table, place, members)));
  return Done{};
}

Result<Done> add_denied(Profile& profile, std::string_view text, const Place& place) {
  SyscallEntry entry;
  entry.name = text;
  entry.origin = place.origin;
  CHECK(check_name(entry.name, place));
  own_layer(profile, place).deny.push_back(std::move(entry));
  return Done{};
}

Result<Done> add_denied_table(Profile& profile, const ConfigValue& table, const Place& place) {
  EntryMembers members;
  CHECK(take_members(table, place,
                     std::array{Member{"name", &members.name}, Member{"args", &members.args},
                                Member{"why", &members.why}, Member{"action", &members.action},
                                Member{"log", &members.log}}));
  SyscallEntry entry = TRY(read_entry(table, place, members));
  CHECK(read_action(members, place, entry));
  own_layer(profile, place).deny.push_back(std::move(entry));
  return Done{};
}

}  // namespace sb::policy
