#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "policy/check.h"
#include "policy/explain.h"
#include "policy/resolve_syscalls.h"
#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"

namespace sb::policy {
namespace {

// One entry's word on one call.
struct Item {
  const SyscallEntry* entry = nullptr;
  SyscallAction action;
  std::vector<SyscallRule> rules;

  bool is_plain() const { return entry->args.empty(); }
};

struct CallItems {
  std::vector<Item> named;
  std::vector<Item> grouped;
};

using Items = std::map<int, CallItems>;

void report(std::vector<Finding>& findings, const SyscallEntry& entry, bool is_error,
            std::string text) {
  findings.push_back({entry.origin, is_error, std::move(text)});
}

// No argument satisfies two tests of one index that differ in a bit both look at.
bool can_hold(const SyscallRule& rule) {
  for (const ArgTest& a : rule.args) {
    for (const ArgTest& b : rule.args) {
      if (a.index == b.index && ((a.value ^ b.value) & a.mask & b.mask) != 0) {
        return false;
      }
    }
  }
  return true;
}

// Whether `outer` holds wherever `inner` does.
bool covers(const SyscallRule& outer, const SyscallRule& inner) {
  return std::all_of(outer.args.begin(), outer.args.end(), [&](const ArgTest& wanted) {
    return std::any_of(inner.args.begin(), inner.args.end(), [&](const ArgTest& given) {
      return given.index == wanted.index && (wanted.mask & ~given.mask) == 0 &&
             (given.value & wanted.mask) == wanted.value;
    });
  });
}

bool covers(const Item& outer, const Item& inner) {
  return std::all_of(inner.rules.begin(), inner.rules.end(), [&](const SyscallRule& rule) {
    return std::any_of(outer.rules.begin(), outer.rules.end(),
                       [&](const SyscallRule& other) { return covers(other, rule); });
  });
}

bool overlap(const Item& a, const Item& b) {
  return std::any_of(a.rules.begin(), a.rules.end(), [&](const SyscallRule& first) {
    return can_hold(first) &&
           std::any_of(b.rules.begin(), b.rules.end(), [&](const SyscallRule& second) {
             return can_hold(second) && rules_overlap(first, second);
           });
  });
}

void check_alone(const Item& item, std::string_view name, std::vector<Finding>& findings) {
  const SyscallEntry& entry = *item.entry;
  const unsigned arguments = argument_count(item.rules.front().number);
  for (const ArgCondition& condition : entry.args) {
    if (condition.index >= arguments) {
      report(findings, entry, true,
             fmt::format("{} has no arg{}: tested is what a register happens to hold", name,
                         condition.index));
    }
  }
  if (std::none_of(item.rules.begin(), item.rules.end(), can_hold)) {
    report(findings, entry, true,
           fmt::format("this test of {} can never hold: two values of one argument", name));
  }
}

// What is wrong with two entries that name the same call, `later` behind `first`: a finding of one
// of them, or nothing.
std::optional<Finding> compare(const Item& first, const Item& later, std::string_view name) {
  const std::string where = first.entry->origin.to_string();
  const bool same = first.action == later.action;
  if (first.is_plain() && later.is_plain()) {
    return Finding{
        later.entry->origin, !same,
        same ? fmt::format("{} is there twice, first at {}", name, where)
             : fmt::format("{} is {} here and {} at {}: only one can hold for any arguments", name,
                           describe(later.action), describe(first.action), where)};
  }
  if (first.is_plain() != later.is_plain()) {
    const Item& tested = first.is_plain() ? later : first;
    const Item& plain = first.is_plain() ? first : later;
    return !same ? std::nullopt
                 : std::optional(Finding{
                       tested.entry->origin, false,
                       fmt::format("this test of {} makes no difference: {} whatever the arguments "
                                   "at {}",
                                   name, describe(plain.action), plain.entry->origin.to_string())});
  }
  if (!same) {
    return !overlap(first, later)
               ? std::nullopt
               : std::optional(
                     Finding{later.entry->origin, true,
                             fmt::format("{} is {} here and {} at {} for the same arguments", name,
                                         describe(later.action), describe(first.action), where)});
  }
  const bool earlier_covers = covers(first, later);
  if (!earlier_covers && !covers(later, first)) {
    return std::nullopt;
  }
  const Item& inner = earlier_covers ? later : first;
  const Item& outer = earlier_covers ? first : later;
  return Finding{inner.entry->origin, false,
                 fmt::format("this test of {} never decides: {} holds for all of its arguments",
                             name, outer.entry->origin.to_string())};
}

void check_named(const Items& items, std::vector<Finding>& findings) {
  for (const auto& [number, call] : items) {
    const std::string_view name = name_of(number);
    for (std::size_t i = 0; i < call.named.size(); ++i) {
      check_alone(call.named[i], name, findings);
      // Limit: one finding for each entry, however often it is there.
      bool found = false;
      for (std::size_t j = 0; j < i && !found; ++j) {
        if (std::optional<Finding> finding = compare(call.named[j], call.named[i], name)) {
          findings.push_back(*std::move(finding));
          found = true;
        }
      }
    }
  }
}

// Groups of one layer with different actions, where no entry of the call's own decides.
void check_groups(const Items& items, std::vector<Finding>& findings) {
  std::map<std::pair<const SyscallEntry*, const SyscallEntry*>, std::vector<std::string>> clashes;
  for (const auto& [number, call] : items) {
    for (const Item& item : call.grouped) {
      if (call.named.empty() && item.action != call.grouped.front().action) {
        clashes[{call.grouped.front().entry, item.entry}].emplace_back(name_of(number));
      }
    }
  }
  for (const auto& [pair, calls] : clashes) {
    report(findings, *pair.second, true,
           fmt::format("{} and {} at {} have {}{} in common with different actions: name it",
                       pair.second->name, pair.first->name, pair.first->origin.to_string(),
                       calls.front(),
                       calls.size() > 1 ? fmt::format(" and {} more", calls.size() - 1) : ""));
  }
}

void check_group_entry(const SyscallEntry& entry, const std::vector<SyscallEntry>& list,
                       const std::vector<int>& numbers, const Items& items,
                       std::vector<Finding>& findings) {
  const auto first = std::find_if(list.begin(), list.end(), [&](const SyscallEntry& other) {
    return other.name == entry.name;
  });
  if (&*first != &entry) {
    report(findings, entry, false,
           fmt::format("{} is there twice, first at {}", entry.name, first->origin.to_string()));
  }
  if (std::all_of(numbers.begin(), numbers.end(),
                  [&](int number) { return !items.at(number).named.empty(); })) {
    report(findings, entry, false,
           fmt::format("{} never decides: each of its calls has an entry of its own", entry.name));
  }
}

void add_item(const SyscallEntry& entry, bool denied, const Profile& profile, Items& items,
              std::vector<Finding>& findings) {
  const SyscallAction action = action_of(entry, denied, profile);
  const Place place{denied ? "syscalls.deny" : "syscalls.allow", entry.origin};
  const std::optional<std::vector<int>> group = expand_group(entry.name);
  for (const int number : group ? *group : std::vector<int>{*number_of(entry.name)}) {
    Result<std::vector<SyscallRule>> rules = rules_of(entry, number, action, place);
    if (!rules) {
      report(findings, entry, true, fmt::format("{}: too many combinations of values", entry.name));
      return;
    }
    CallItems& call = items[number];
    (group ? call.grouped : call.named).push_back({&entry, action, *std::move(rules)});
  }
}

}  // namespace

void check_entries(const Profile& profile, std::vector<Finding>& findings) {
  for (const SyscallLayer& layer : profile.syscalls.layers) {
    Items items;
    for (const bool denied : {false, true}) {
      for (const SyscallEntry& entry : denied ? layer.deny : layer.allow) {
        add_item(entry, denied, profile, items, findings);
      }
    }
    check_named(items, findings);
    check_groups(items, findings);
    for (const bool denied : {false, true}) {
      const std::vector<SyscallEntry>& list = denied ? layer.deny : layer.allow;
      for (const SyscallEntry& entry : list) {
        if (const auto numbers = expand_group(entry.name)) {
          check_group_entry(entry, list, *numbers, items, findings);
        }
      }
    }
  }
}

}  // namespace sb::policy
