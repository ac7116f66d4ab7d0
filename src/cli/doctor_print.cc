#include "cli/doctor_print.h"

#include <fmt/core.h>

#include "result/json_fields.h"
#include "result/utf8.h"

namespace sb::cli {
namespace {

using result::JsonEmitter;

const char* state_of(const Check& check) {
  if (check.works) {
    return "ok";
  }
  return check.required ? "MISSING" : "no";
}

std::string row(std::string_view name, std::string_view state, std::string_view detail) {
  std::string line = fmt::format("  {:<22}{:<9}{}", name, state, result::visible(detail));
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string remedy_lines(const std::vector<std::string>& remedy) {
  std::string text;
  for (const std::string& line : remedy) {
    text += fmt::format("      to mend it: {}\n", result::visible(line));
  }
  return text;
}

void write_check(JsonEmitter& json, const Check& check) {
  json.begin_object();
  result::write_text_or_null(json, "name", check.name);
  json.key("works");
  json.boolean(check.works);
  json.key("required");
  json.boolean(check.required);
  result::write_text_or_null(json, "detail", check.detail);
  result::write_texts(json, "remedy", check.remedy);
  json.end_object();
}

void write_controller(JsonEmitter& json, const Controller& controller) {
  json.begin_object();
  result::write_text_or_null(json, "name", controller.name);
  result::write_text_or_null(json, "state", name_of(controller.state));
  json.key("version");
  if (controller.version == 0) {
    json.null();
  } else {
    json.number(static_cast<std::int64_t>(controller.version));
  }
  result::write_text_or_null(json, "group", controller.group);
  result::write_texts(json, "remedy", controller.remedy);
  json.end_object();
}

void write_limit(JsonEmitter& json, const LimitEnforcement& limit) {
  json.begin_object();
  result::write_text_or_null(json, "limit", limit.limit);
  result::write_text_or_null(json, "by", limit.by);
  result::write_text_or_null(json, "best_effort", limit.by.empty() ? limit.best_effort : "");
  json.end_object();
}

template <class Items, class Write>
void array_member(JsonEmitter& json, std::string_view name, const Items& items, Write write) {
  json.key(name);
  json.begin_array();
  for (const auto& item : items) {
    write(json, item);
  }
  json.end_array();
}

}  // namespace

std::string report_text(const Report& report, const DoctorFacts& facts,
                        const std::vector<std::string>& removed) {
  std::string text =
      fmt::format("sandbox {} on Linux {}, as {}\n", SANDBOX_VERSION, facts.host.kernel,
                  facts.host.is_root ? "root" : fmt::format("user {}", facts.host.uid));
  for (const std::string& path : removed) {
    text += fmt::format("removed {}\n", result::visible(path));
  }
  text += "\nWhat this host has for this caller:\n";
  for (const Check& check : report.checks) {
    text += row(check.name, state_of(check), check.detail);
    text += remedy_lines(check.remedy);
  }
  text += fmt::format("\nCgroups ({}):\n", report.layout);
  for (const Controller& controller : report.controllers) {
    const std::string place =
        controller.version == 0 ? "" : fmt::format("v{}  {}", controller.version, controller.group);
    text += row(controller.name, name_of(controller.state), place);
    text += remedy_lines(controller.remedy);
  }
  text += "\nEach limit is enforced by:\n";
  for (const LimitEnforcement& limit : report.limits) {
    std::string by = limit.by.empty() ? "nothing" : limit.by;
    if (limit.by.empty() && !limit.best_effort.empty()) {
      by += fmt::format("; with --best-effort by {} of each process", limit.best_effort);
    }
    text += fmt::format("  {:<22}{}\n", limit.limit, by);
  }
  return text + (report.starts ? "\nA run with the default limits starts here.\n"
                               : "\nA run with the default limits does not start here.\n");
}

Result<Done> write_report_json(const Report& report, const DoctorFacts& facts,
                               const std::vector<std::string>& removed, const result::Sink& sink,
                               bool pretty) {
  JsonEmitter json(sink, pretty);
  json.begin_object();
  result::write_text_or_null(json, "schema", "sandbox.doctor/v1");
  json.key("starts");
  json.boolean(report.starts);
  result::write_text_or_null(json, "version", SANDBOX_VERSION);
  result::write_text_or_null(json, "kernel", facts.host.kernel);
  json.key("caller");
  json.begin_object();
  json.key("uid");
  json.number(std::uint64_t{facts.host.uid});
  json.key("root");
  json.boolean(facts.host.is_root);
  json.end_object();
  array_member(json, "checks", report.checks, write_check);
  json.key("cgroups");
  json.begin_object();
  result::write_text_or_null(json, "layout", report.layout);
  array_member(json, "controllers", report.controllers, write_controller);
  json.end_object();
  array_member(json, "limits", report.limits, write_limit);
  result::write_texts(json, "removed", removed);
  json.end_object();
  return json.finish();
}

}  // namespace sb::cli
