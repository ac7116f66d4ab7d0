// The documents sandbox.check/v1 and sandbox.explain/v1.
#include <algorithm>

#include "cli/profile_print.h"
#include "result/json_fields.h"

namespace sb::cli {
namespace {

using policy::ExplainedCall;
using policy::ExplainedRule;
using policy::Finding;
using result::JsonEmitter;

void place_members(JsonEmitter& json, const policy::Origin& origin) {
  result::write_text_or_null(json, "file", origin.source);
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
  result::write_text_or_null(json, "level", finding.is_error ? "error" : "warning");
  result::write_text_or_null(json, "text", finding.text);
}

void write_setting(JsonEmitter& json, const policy::ExplainedSetting& setting) {
  result::write_text_or_null(json, "key", setting.key);
  json.key("value");
  json.text(setting.value);
  place_members(json, setting.origin);
}

void write_rule(JsonEmitter& json, const ExplainedRule& rule) {
  result::write_text_or_null(json, "name", rule.is_default ? std::string_view() : rule.name);
  result::write_text_or_null(json, "condition", rule.condition);
  result::write_text_or_null(json, "action", policy::describe(rule.action));
  result::write_text_or_null(json, "why", rule.why);
  place_members(json, rule.origin);
}

void write_call(JsonEmitter& json, const ExplainedCall& call) {
  result::write_text_or_null(json, "syscall", call.name);
  json.key("number");
  json.number(static_cast<std::uint64_t>(call.number));
  result::write_text_or_null(json, "verdict", policy::verdict_on(call));
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
  result::write_text_or_null(json, "schema", "sandbox.check/v1");
  result::write_text_or_null(json, "profile", profile);
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
  result::write_text_or_null(json, "schema", "sandbox.explain/v1");
  result::write_text_or_null(json, "profile", explanation.profile);
  result::write_text_or_null(json, "profile_sha256", explanation.sha256);
  result::write_text_or_null(json, "description", explanation.description);
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
