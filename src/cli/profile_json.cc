// The documents sandbox.check/v1 and sandbox.explain/v1.
#include <algorithm>

#include "cli/profile_print.h"
#include "result/json_emitter.h"

namespace sb::cli {
namespace {

using policy::ExplainedCall;
using policy::ExplainedRule;
using policy::Finding;
using result::JsonEmitter;

void text_member(JsonEmitter& json, std::string_view name, std::string_view value) {
  json.key(name);
  if (value.empty()) {
    json.null();
  } else {
    json.text(value);
  }
}

void place_members(JsonEmitter& json, const policy::Origin& origin) {
  text_member(json, "file", origin.source);
  for (const auto& [name, number] : {std::pair("line", origin.line), {"column", origin.column}}) {
    json.key(name);
    if (number == 0) {
      json.null();
    } else {
      json.number(std::uint64_t{number});
    }
  }
}

template <class Items, class Write>
void list_member(JsonEmitter& json, std::string_view name, const Items& items, Write write) {
  json.key(name);
  json.begin_array();
  for (const auto& item : items) {
    json.begin_object();
    write(json, item);
    json.end_object();
  }
  json.end_array();
}

void write_finding(JsonEmitter& json, const Finding& finding) {
  place_members(json, finding.origin);
  text_member(json, "level", finding.is_error ? "error" : "warning");
  text_member(json, "text", finding.text);
}

void write_setting(JsonEmitter& json, const policy::ExplainedSetting& setting) {
  text_member(json, "key", setting.key);
  json.key("value");
  json.text(setting.value);
  place_members(json, setting.origin);
}

void write_rule(JsonEmitter& json, const ExplainedRule& rule) {
  text_member(json, "name", rule.is_default ? std::string_view() : rule.name);
  text_member(json, "condition", rule.condition);
  text_member(json, "action", policy::describe(rule.action));
  text_member(json, "why", rule.why);
  place_members(json, rule.origin);
}

void write_call(JsonEmitter& json, const ExplainedCall& call) {
  text_member(json, "syscall", call.name);
  json.key("number");
  json.number(static_cast<std::uint64_t>(call.number));
  text_member(json, "verdict", policy::verdict_on(call));
  list_member(json, "rules", call.rules, write_rule);
  list_member(json, "set_aside", call.set_aside, write_rule);
}

}  // namespace

Result<Done> write_findings(const std::vector<Finding>& findings, const std::string& profile,
                            const result::Sink& sink, bool pretty) {
  const auto errors = std::count_if(findings.begin(), findings.end(),
                                    [](const Finding& finding) { return finding.is_error; });
  JsonEmitter json(sink, pretty);
  json.begin_object();
  text_member(json, "schema", "sandbox.check/v1");
  text_member(json, "profile", profile);
  json.key("errors");
  json.number(static_cast<std::uint64_t>(errors));
  json.key("warnings");
  json.number(findings.size() - static_cast<std::uint64_t>(errors));
  list_member(json, "findings", findings, write_finding);
  json.end_object();
  return json.finish();
}

Result<Done> write_explanation(const Explanation& explanation, const result::Sink& sink,
                               bool pretty) {
  JsonEmitter json(sink, pretty);
  json.begin_object();
  text_member(json, "schema", "sandbox.explain/v1");
  text_member(json, "profile", explanation.profile);
  text_member(json, "profile_sha256", explanation.sha256);
  text_member(json, "description", explanation.description);
  list_member(json, "settings", explanation.settings, write_setting);
  list_member(json, "syscalls", explanation.calls, write_call);
  json.key("default");
  json.begin_object();
  write_rule(json, explanation.otherwise);
  json.end_object();
  json.end_object();
  return json.finish();
}

}  // namespace sb::cli
