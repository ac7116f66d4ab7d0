#include "policy/json_reader.h"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace sb::policy {
namespace {

// Limit: to_value and the destructors recurse.
constexpr int deepest = 32;

ConfigValue to_value(const nlohmann::json& node, const std::string& source) {
  ConfigValue value;
  value.origin.source = source;
  if (node.is_object()) {
    value.kind = ConfigValue::Kind::table;
    for (const auto& [name, member] : node.items()) {
      value.members.push_back({{name, value.origin}, to_value(member, source)});
    }
  } else if (node.is_array()) {
    value.kind = ConfigValue::Kind::list;
    for (const nlohmann::json& item : node) {
      value.items.push_back(to_value(item, source));
    }
  } else if (node.is_string()) {
    value.text = node.get_ref<const std::string&>();
  } else {
    value.kind = ConfigValue::Kind::scalar;
    value.text = node.is_null() ? std::string() : node.dump();
  }
  return value;
}

Error syntax_error(std::string_view text, const std::string& source, std::size_t byte) {
  const std::string_view before = text.substr(0, byte > 0 ? byte - 1 : 0);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {Tag::profile_syntax,
          fmt::format("{}:{}:{}: no JSON from here on, or nested more than {} deep", source, line,
                      before.size() - line_start + 1, deepest)};
}

}  // namespace

Result<ConfigValue> read_json(std::string_view text, const std::string& source) {
  bool too_deep = false;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  try {
    const nlohmann::json document = nlohmann::json::parse(text, watch);
    if (too_deep || document.is_discarded()) {
      return syntax_error(text, source, 1);
    }
    return to_value(document, source);
  } catch (const nlohmann::json::parse_error& error) {
    return syntax_error(text, source, error.byte);
  } catch (const nlohmann::json::exception&) {
    return syntax_error(text, source, 1);
  }
}

}  // namespace sb::policy
