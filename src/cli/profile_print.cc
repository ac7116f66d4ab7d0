#include "cli/profile_print.h"

#include <algorithm>

#include <fmt/core.h>

#include "result/utf8.h"

namespace sb::cli {
namespace {

using policy::ExplainedCall;
using policy::ExplainedRule;
using policy::Finding;

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return result::visible(line) + "\n";
}

std::string place_of(const ExplainedRule& rule) {
  if (!rule.origin.source.empty()) {
    return rule.origin.to_string();
  }
  return rule.is_default ? "no profile says so" : "every profile";
}

// "allowed if arg0 is AF_UNIX" of the one that decides at `index`.
std::string case_of(const ExplainedRule& rule, bool is_first) {
  const std::string action = policy::describe(rule.action);
  if (rule.condition.empty()) {
    return is_first ? action : "else " + action;
  }
  return fmt::format("{} if {}", action, rule.condition);
}

// "default.toml:44:3 @network-io: sockets of the run".
std::string reason_of(const ExplainedRule& rule) {
  std::string text = place_of(rule);
  if (rule.name.starts_with('@')) {
    text += " " + rule.name;
  }
  return rule.is_default || rule.why.empty() ? text : fmt::format("{}: {}", text, rule.why);
}

std::string lines_of(const ExplainedCall& call) {
  std::string text;
  for (const ExplainedRule& rule : call.rules) {
    const bool is_first = &rule == &call.rules.front();
    text += trimmed(fmt::format("  {:<24}{:<16}  {}", is_first ? call.name : "",
                                case_of(rule, is_first), reason_of(rule)));
  }
  return text;
}

}  // namespace

std::string findings_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += trimmed(fmt::format("{}: {}: {}", finding.origin.to_string(),
                                finding.is_error ? "error" : "warning", finding.text));
  }
  return text;
}

std::string explanation_text(const Explanation& explanation) {
  std::string text = trimmed(explanation.profile + (explanation.description.empty() ? "" : ": ") +
                             explanation.description);
  text += "\nSettings:\n";
  for (const auto& [key, value, origin] : explanation.settings) {
    text += trimmed(fmt::format("  {:<24}{:<16}  {}", key, value, origin.to_string()));
  }
  text += "\nSystem calls:\n";
  for (const ExplainedCall& call : explanation.calls) {
    text += lines_of(call);
  }
  return text + trimmed(fmt::format("  {:<24}{:<16}  {}", "all others",
                                    policy::describe(explanation.otherwise.action),
                                    place_of(explanation.otherwise)));
}

std::string calls_text(const Explanation& explanation) {
  std::string text;
  for (const ExplainedCall& call : explanation.calls) {
    text += trimmed(fmt::format("{} ({}): {}", call.name, call.number, policy::verdict_on(call)));
    for (const ExplainedRule& rule : call.rules) {
      text += trimmed(
          fmt::format("  {} ({})", reason_of(rule), case_of(rule, &rule == &call.rules.front())));
    }
    for (const ExplainedRule& rule : call.set_aside) {
      text += trimmed(fmt::format("  set aside: {} ({})", reason_of(rule), case_of(rule, true)));
    }
  }
  return text;
}

}  // namespace sb::cli
