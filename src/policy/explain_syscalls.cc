#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "policy/arguments_in_words.h"
#include "policy/explain.h"
#include "policy/resolve_syscalls.h"
#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"

namespace sb::policy {
namespace {

// An entry with the list that it stands in.
struct Listed {
  const SyscallEntry* entry = nullptr;
  bool denied = false;
};

using Mentions = std::map<int, std::vector<Listed>>;

// Which entries name each call, those of later layers first.
Mentions mentions_of(const Profile& profile) {
  Mentions mentions;
  const auto& layers = profile.syscalls.layers;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    for (const bool denied : {false, true}) {
      for (const SyscallEntry& entry : denied ? layer->deny : layer->allow) {
        if (const auto numbers = expand_group(entry.name)) {
          for (const int number : *numbers) {
            mentions[number].push_back({&entry, denied});
          }
        } else if (const std::optional<int> number = number_of(entry.name)) {
          mentions[*number].push_back({&entry, denied});
        }
      }
    }
  }
  return mentions;
}

ExplainedRule rule_of(const SyscallEntry& entry, int number, SyscallAction action) {
  return {entry.name, conditions_in_words(number, entry.args), action, entry.why, entry.origin,
          false};
}

void add_rule(ExplainedCall& call, const TracedRule& traced,
              std::vector<const SyscallEntry*>& seen) {
  if (traced.entry == nullptr) {
    call.rules.push_back({call.name,
                          tests_in_words(traced.rule.number, traced.rule.args),
                          traced.rule.action,
                          traced.rule.why,
                          {},
                          false});
    return;
  }
  // Why: an entry is a rule for each combination of its values.
  if (std::find(seen.begin(), seen.end(), traced.entry) == seen.end()) {
    seen.push_back(traced.entry);
    call.rules.push_back(rule_of(*traced.entry, traced.rule.number, traced.rule.action));
  }
}

}  // namespace

ExplainedRule explain_default(const Profile& profile) {
  const ProfileSyscalls& syscalls = profile.syscalls;
  ExplainedRule rule;
  rule.name = "the default";
  rule.action = default_action_of(profile);
  rule.is_default = true;
  if (syscalls.on_violation) {
    rule.origin = syscalls.on_violation->origin;
  } else if (syscalls.default_action) {
    rule.origin = syscalls.default_action->origin;
  }
  return rule;
}

Result<std::vector<ExplainedCall>> explain_syscalls(const Profile& profile) {
  const std::vector<TracedRule> traced = TRY(trace_syscalls(profile));
  const Mentions mentions = mentions_of(profile);
  std::vector<ExplainedCall> calls;
  for (auto at = traced.begin(); at != traced.end();) {
    ExplainedCall call;
    call.number = at->rule.number;
    call.name = name_of(call.number);
    std::vector<const SyscallEntry*> seen;
    for (; at != traced.end() && at->rule.number == call.number; ++at) {
      add_rule(call, *at, seen);
    }
    if (!call.rules.back().condition.empty()) {
      call.rules.push_back(explain_default(profile));
    }
    if (const auto found = mentions.find(call.number); found != mentions.end()) {
      for (const auto& [entry, denied] : found->second) {
        if (std::find(seen.begin(), seen.end(), entry) == seen.end()) {
          call.set_aside.push_back(
              rule_of(*entry, call.number, action_of(*entry, denied, profile)));
        }
      }
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

std::string describe(const SyscallAction& action) {
  switch (action.kind) {
    case ActionKind::allow:
      return "allowed";
    case ActionKind::kill:
      return "killed";
    case ActionKind::err:
      return fmt::format("errno {}", errno_name(action.err));
    case ActionKind::notify:
      return action.err == 0 ? std::string("allowed, and listed")
                             : fmt::format("errno {}, and listed", errno_name(action.err));
  }
  return {};
}

std::string verdict_on(const ExplainedCall& call) {
  std::string text;
  for (const ExplainedRule& rule : call.rules) {
    if (rule.condition.empty()) {
      text += fmt::format("{}{}", text.empty() ? "" : "else ", describe(rule.action));
    } else {
      text += fmt::format("{} if {}, ", describe(rule.action), rule.condition);
    }
  }
  return text;
}

}  // namespace sb::policy
