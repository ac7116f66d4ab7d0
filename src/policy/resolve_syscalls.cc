#include "policy/resolve_syscalls.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include <fmt/core.h>

#include "policy/key_error.h"
#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"

namespace sb::policy {
namespace {

// Limit: combinations of values that one entry may stand for.
constexpr std::size_t most_combinations = 512;

// Kernel: of <linux/ioprio.h>, which C++ can't read since a parameter there is named `class`.
constexpr std::uint64_t ioprio_who_process = 1;
constexpr std::uint64_t ioprio_who_pgrp = 2;
constexpr std::uint64_t ioprio_who_user = 3;

// What one layer says of one call.
struct CallRules {
  std::vector<TracedRule> tested;
  std::optional<TracedRule> plain;
  bool by_name = false;
};

using Calls = std::map<int, CallRules>;

// With syscalls.log, a refusal is listed. ENOSYS is none: it says that the call does not exist.
SyscallAction with_log(SyscallAction action, bool log) {
  if (log && action.kind == ActionKind::err && action.err != ENOSYS) {
    action.kind = ActionKind::notify;
  }
  return action;
}

bool is_logged(const Profile& profile) {
  return profile.syscalls.log && profile.syscalls.log->value;
}

Place place_of(const SyscallEntry& entry, bool denied) {
  return {denied ? "syscalls.deny" : "syscalls.allow", entry.origin};
}

Result<Done> add_rule(CallRules& call, SyscallRule rule, const SyscallEntry& entry,
                      const Place& place) {
  if (rule.args.empty()) {
    if (call.plain && call.plain->rule.action != rule.action) {
      return value_error(place, fmt::format("{} is already there with another action; only one "
                                            "can hold for any arguments",
                                            rule.name));
    }
    if (!call.plain) {
      call.plain = TracedRule{std::move(rule), &entry};
    }
    return Done{};
  }
  for (const auto& [other, of] : call.tested) {
    if (other.action != rule.action && rules_overlap(other, rule)) {
      return value_error(place, fmt::format("two entries of {} with different actions hold for "
                                            "the same arguments",
                                            rule.name));
    }
  }
  call.tested.push_back({std::move(rule), &entry});
  return Done{};
}

Result<Done> add_group(Calls& calls, const SyscallEntry& entry, SyscallAction action,
                       const Place& place) {
  const std::optional<std::vector<int>> numbers = expand_group(entry.name);
  if (!numbers) {
    return unknown_syscall(place, entry.name);
  }
  for (const int number : *numbers) {
    CallRules& call = calls[number];
    if (call.by_name) {
      continue;
    }
    std::vector<SyscallRule> rules = TRY(rules_of(entry, number, action, place));
    CHECK_AS(add_rule(call, std::move(rules.front()), entry, place),
             fmt::format("expanding {}", entry.name));
  }
  return Done{};
}

Result<Done> add_named(Calls& calls, const SyscallEntry& entry, SyscallAction action,
                       const Place& place) {
  const std::optional<int> number = number_of(entry.name);
  if (!number) {
    return unknown_syscall(place, entry.name);
  }
  CallRules& call = calls[*number];
  call.by_name = true;
  for (SyscallRule& rule : TRY(rules_of(entry, *number, action, place))) {
    CHECK(add_rule(call, std::move(rule), entry, place));
  }
  return Done{};
}

Result<Calls> expand_layer(const SyscallLayer& layer, const Profile& profile) {
  Calls calls;
  // Why: names first, since a call's own name wins over a group.
  for (const bool groups : {false, true}) {
    for (const bool denied : {false, true}) {
      for (const SyscallEntry& entry : denied ? layer.deny : layer.allow) {
        if (entry.name.starts_with('@') != groups) {
          continue;
        }
        const SyscallAction action = action_of(entry, denied, profile);
        const Place place = place_of(entry, denied);
        CHECK(groups ? add_group(calls, entry, action, place)
                     : add_named(calls, entry, action, place));
      }
    }
  }
  return calls;
}

// A call that changes limits or scheduling of the process it names.
struct InitRule {
  std::string_view name;
  std::vector<ArgTest> args;
};

// Kernel: with the same uid these work on init although it is not dumpable. prlimit(1, RLIMIT_CPU)
// had the kernel kill init, and with it the run's report. "user" means init, too, where it has
// the target's id.
std::vector<InitRule> init_rules() {
  const auto equals = [](unsigned index, std::uint64_t value) {
    return ArgTest{index, 0xffffffff, value};
  };
  return {
      {"prlimit64", {equals(0, 1)}},
      {"sched_setparam", {equals(0, 1)}},
      {"sched_setscheduler", {equals(0, 1)}},
      {"sched_setattr", {equals(0, 1)}},
      {"sched_setaffinity", {equals(0, 1)}},
      {"setpriority", {equals(0, PRIO_PROCESS), equals(1, 1)}},
      {"setpriority", {equals(0, PRIO_PGRP), equals(1, 1)}},
      {"setpriority", {equals(0, PRIO_USER)}},
      {"ioprio_set", {equals(0, ioprio_who_process), equals(1, 1)}},
      {"ioprio_set", {equals(0, ioprio_who_pgrp), equals(1, 1)}},
      {"ioprio_set", {equals(0, ioprio_who_user)}},
  };
}

bool can_run(const CallRules& call, const SyscallAction& default_action) {
  return lets_run(call.plain ? call.plain->rule.action : default_action) ||
         std::any_of(call.tested.begin(), call.tested.end(),
                     [](const TracedRule& traced) { return lets_run(traced.rule.action); });
}

void protect_init(Calls& calls, const SyscallAction& default_action) {
  std::map<int, std::vector<TracedRule>> added;
  for (const InitRule& init_rule : init_rules()) {
    const int number = *number_of(init_rule.name);
    if (can_run(calls[number], default_action)) {
      added[number].push_back(
          {{number, std::string(init_rule.name), init_rule.args,
            SyscallAction{ActionKind::err, EPERM},
            "pid 1 belongs to the sandbox: the target could have the kernel kill it"},
           nullptr});
    }
  }
  for (auto& [number, rules] : added) {
    std::vector<TracedRule>& tested = calls[number].tested;
    tested.insert(tested.begin(), rules.begin(), rules.end());
  }
}

void refuse_clone3(Calls& calls) {
  const int number = *number_of("clone3");
  if (calls.contains(number)) {
    return;
  }
  calls[number].plain = TracedRule{
      {number,
       "clone3",
       {},
       SyscallAction{ActionKind::err, ENOSYS},
       "its flags are in memory, where no filter can read them; libcs fall back to clone"},
      nullptr};
}

}  // namespace

bool lets_run(const SyscallAction& action) {
  return action.kind == ActionKind::allow || (action.kind == ActionKind::notify && action.err == 0);
}

SyscallAction default_action_of(const Profile& profile) {
  const ProfileSyscalls& syscalls = profile.syscalls;
  SyscallAction action;
  if (syscalls.on_violation) {
    action = syscalls.on_violation->value;
  } else if (syscalls.default_action) {
    action = syscalls.default_action->value;
  }
  return with_log(action, is_logged(profile));
}

SyscallAction action_of(const SyscallEntry& entry, bool denied, const Profile& profile) {
  if (!denied) {
    return {ActionKind::allow, 0};
  }
  // What "deny" means without an action of its own.
  const SyscallAction otherwise = default_action_of(profile);
  const SyscallAction refusal = otherwise.kind == ActionKind::allow ? SyscallAction{} : otherwise;
  return with_log(entry.action.value_or(refusal), is_logged(profile));
}

bool rules_overlap(const SyscallRule& a, const SyscallRule& b) {
  for (const ArgTest& first : a.args) {
    for (const ArgTest& second : b.args) {
      const std::uint64_t both = first.mask & second.mask;
      if (first.index == second.index && (first.value & both) != (second.value & both)) {
        return false;
      }
    }
  }
  return true;
}

Result<std::vector<SyscallRule>> rules_of(const SyscallEntry& entry, int number,
                                          SyscallAction action, const Place& place) {
  SyscallRule first;
  first.number = number;
  first.name = name_of(number);
  first.action = action;
  first.why = entry.why;
  std::vector<SyscallRule> rules = {first};
  for (const ArgCondition& condition : entry.args) {
    std::vector<SyscallRule> longer;
    if (rules.size() * condition.any_of.size() > most_combinations) {
      return value_error(place,
                         fmt::format("more than {} combinations of values", most_combinations));
    }
    for (const SyscallRule& rule : rules) {
      for (const auto& [mask, value] : condition.any_of) {
        longer.push_back(rule);
        longer.back().args.push_back({condition.index, mask, value});
      }
    }
    rules = std::move(longer);
  }
  return rules;
}

Result<std::vector<TracedRule>> trace_syscalls(const Profile& profile) {
  Calls calls;
  for (const SyscallLayer& layer : profile.syscalls.layers) {
    if (layer.is_whole) {
      calls.clear();
    }
    for (auto& [number, rules] : TRY(expand_layer(layer, profile))) {
      calls.insert_or_assign(number, std::move(rules));
    }
  }
  refuse_clone3(calls);
  protect_init(calls, default_action_of(profile));
  std::vector<TracedRule> rules;
  for (auto& [number, call] : calls) {
    std::move(call.tested.begin(), call.tested.end(), std::back_inserter(rules));
    if (call.plain) {
      rules.push_back(*std::move(call.plain));
    }
  }
  return rules;
}

Result<SyscallPolicy> resolve_syscalls(const Profile& profile) {
  SyscallPolicy policy;
  policy.default_action = default_action_of(profile);
  policy.default_why = "the profile does not allow it";
  for (TracedRule& traced : TRY(trace_syscalls(profile))) {
    policy.rules.push_back(std::move(traced.rule));
  }
  return policy;
}

const SyscallRule* find_rule(const SyscallPolicy& policy, int number,
                             const std::array<std::uint64_t, 6>& args) {
  for (const SyscallRule& rule : policy.rules) {
    if (rule.number == number &&
        std::all_of(rule.args.begin(), rule.args.end(), [&](const ArgTest& test) {
          return (args.at(test.index) & test.mask) == test.value;
        })) {
      return &rule;
    }
  }
  return nullptr;
}

}  // namespace sb::policy
