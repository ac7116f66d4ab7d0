#include "selftest/report.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/units.h"
#include "result/json_fields.h"
#include "result/utf8.h"

namespace sb::selftest {
namespace {

// Columns; what is longer pushes the rest to the right.
std::string line_of(std::string_view state, std::string_view promise, std::string_view attempt,
                    std::string_view outcome) {
  return fmt::format("  {:<13}{:<35} {:<35} {}\n", state, result::visible(promise),
                     result::visible(attempt), result::visible(outcome));
}

std::string_view shown(State state) {
  switch (state) {
    case State::held:
      return "held";
    case State::broken:
      return "BROKEN";
    case State::not_provided:
      return "not provided";
    case State::untried:
      return "NOT TRIED";
  }
  return "";
}

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::held:
      return "held";
    case State::broken:
      return "broken";
    case State::not_provided:
      return "not_provided";
    case State::untried:
      return "untried";
  }
  return "";
}

std::size_t Report::add(std::string group, std::string promise, std::string attempt) {
  rows.push_back({std::move(group), std::move(promise), std::move(attempt)});
  return rows.size() - 1;
}

void Report::sort_by_group() {
  std::vector<Row> sorted;
  while (!rows.empty()) {
    const std::string group = rows.front().group;
    for (Row& row : rows) {
      if (row.group == group) {
        sorted.push_back(row);
      }
    }
    std::erase_if(rows, [&](const Row& row) { return row.group == group; });
  }
  rows = std::move(sorted);
}

std::size_t Report::count(State state) const {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [state](const Row& row) { return row.verdict.state == state; }));
}

bool Report::holds() const {
  return count(State::broken) == 0 && count(State::untried) == 0 && count(State::held) > 0;
}

std::string report_text(const Report& report) {
  std::string text =
      fmt::format("sandbox {} on Linux {}, as {}, profile {}\n", SANDBOX_VERSION, report.kernel,
                  report.is_root ? "root" : fmt::format("user {}", report.uid),
                  result::visible(report.profile));
  std::string_view group;
  for (const Row& row : report.rows) {
    if (row.group != group) {
      group = row.group;
      text += fmt::format("\n{}:\n", group);
    }
    text += line_of(shown(row.verdict.state), row.promise, row.attempt, row.verdict.outcome);
  }
  text +=
      fmt::format("\n{} promises held, {} broken, {} not provided here", report.count(State::held),
                  report.count(State::broken), report.count(State::not_provided));
  if (const std::size_t untried = report.count(State::untried); untried > 0) {
    text += fmt::format(", {} could not be tried", untried);
  }
  return text + "\n";
}

Result<Done> write_report_json(const Report& report, const result::Sink& sink, bool pretty) {
  result::JsonEmitter json(sink, pretty);
  json.begin_object();
  result::write_text(json, "schema", "sandbox.selftest/v1");
  result::write_boolean(json, "holds", report.holds());
  json.key("counts");
  json.begin_object();
  for (const State state : {State::held, State::broken, State::not_provided, State::untried}) {
    result::write_number(json, name_of(state), report.count(state));
  }
  json.end_object();
  json.key("promises");
  json.begin_array();
  for (const Row& row : report.rows) {
    json.begin_object();
    result::write_text(json, "group", row.group);
    result::write_text(json, "promise", row.promise);
    result::write_text(json, "attempt", row.attempt);
    result::write_text(json, "outcome", row.verdict.outcome);
    result::write_text(json, "state", name_of(row.verdict.state));
    result::write_text_or_null(json, "tag", row.verdict.tag);
    json.end_object();
  }
  json.end_array();
  json.key("caller");
  json.begin_object();
  result::write_number(json, "uid", report.uid);
  result::write_boolean(json, "root", report.is_root);
  json.end_object();
  result::write_number(json, "elapsed_ns", report.elapsed_ns);
  json.key("sandbox");
  json.begin_object();
  result::write_text(json, "version", SANDBOX_VERSION);
  result::write_text(json, "profile", report.profile);
  result::write_text(json, "profile_sha256", report.profile_sha256);
  result::write_text(json, "kernel", report.kernel);
  json.end_object();
  json.end_object();
  return json.finish();
}

}  // namespace sb::selftest
