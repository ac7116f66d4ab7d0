#include "policy/toml_reader.h"

#include <algorithm>
#include <sstream>

#include <fmt/core.h>

#include "policy/words.h"

// Why: the release binary is static and Debian has no libtomlplusplus.a.
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace sb::policy {
namespace {

// Limit: toml++ 3.3 recurses once for each part of a dotted key; of brackets it counts the depth
// itself (TOML_MAX_NESTED_VALUES above).
constexpr unsigned most_dots_on_a_line = 64;

Error syntax_error(const std::string& source, std::size_t line, std::size_t column,
                   std::string_view what) {
  const Origin origin{source, static_cast<unsigned>(line), static_cast<unsigned>(column)};
  return {Tag::profile_syntax, fmt::format("{}: {}", origin.to_string(), what)};
}

Origin origin_of(const toml::source_region& region, const std::string& source) {
  return {source, region.begin.line, region.begin.column};
}

template <class T>
std::string text_of(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string scalar_text(const toml::node& node) {
  if (const auto* integer = node.as_integer()) {
    return fmt::format("{}", integer->get());  // also of 0x10 and 1_000
  }
  if (const auto* boolean = node.as_boolean()) {
    return boolean->get() ? "true" : "false";
  }
  if (const auto* date = node.as_date()) {
    return text_of(date->get());
  }
  if (const auto* time = node.as_time()) {
    return text_of(time->get());
  }
  if (const auto* date_time = node.as_date_time()) {
    return text_of(date_time->get());
  }
  const auto* floating = node.as_floating_point();
  return floating != nullptr ? text_of(floating->get()) : std::string();
}

ConfigValue to_value(const toml::node& node, const std::string& source) {
  ConfigValue value;
  value.origin = origin_of(node.source(), source);
  if (const toml::table* table = node.as_table()) {
    value.kind = ConfigValue::Kind::table;
    for (const auto& [key, member] : *table) {
      value.members.push_back(
          {{std::string(key.str()), origin_of(key.source(), source)}, to_value(member, source)});
    }
    // Why: toml++ sorts by name, but the first error in the file is the one to report.
    std::sort(value.members.begin(), value.members.end(), [](const auto& a, const auto& b) {
      return std::pair(a.key.origin.line, a.key.origin.column) <
             std::pair(b.key.origin.line, b.key.origin.column);
    });
  } else if (const toml::array* array = node.as_array()) {
    value.kind = ConfigValue::Kind::list;
    for (const toml::node& item : *array) {
      value.items.push_back(to_value(item, source));
    }
  } else if (const auto* string = node.as_string()) {
    value.text = string->get();
  } else {
    value.kind = ConfigValue::Kind::scalar;
    value.text = scalar_text(node);
  }
  return value;
}

// toml++'s own sentence without its "Error while", cut to its first line and made printable.
std::string one_line(std::string_view description) {
  constexpr std::string_view opening = "Error while ";
  if (description.starts_with(opening)) {
    description.remove_prefix(opening.size());
  }
  std::string line(description.substr(0, description.find('\n')));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

}  // namespace

Result<Done> check_toml_text(std::string_view text, const std::string& source) {
  if (text.size() > longest_profile) {
    return Error(Tag::profile_syntax,
                 fmt::format("{}: a profile has at most {} bytes", source, longest_profile));
  }
  std::size_t line = 1;
  std::size_t line_start = 0;
  unsigned dots = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const std::size_t column = at - line_start + 1;
    const bool plain = c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c <= '~');
    if (!plain) {
      return syntax_error(source, line, column,
                          fmt::format("byte 0x{:02x} can't stand in a profile: write characters "
                                      "outside ASCII as \\uXXXX",
                                      static_cast<unsigned char>(c)));
    }
    if (c == '\n') {
      ++line;
      line_start = at + 1;
      dots = 0;
    } else if (c == '.' && ++dots > most_dots_on_a_line) {
      return syntax_error(source, line, column,
                          fmt::format("more than {} dots on one line", most_dots_on_a_line));
    }
  }
  return Done{};
}

Result<ConfigValue> read_toml(std::string_view text, const std::string& source) {
  CHECK(check_toml_text(text, source));
  try {
    const toml::table table = toml::parse(text, source);
    return to_value(table, source);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return syntax_error(source, at.line, at.column, one_line(error.description()));
  } catch (const std::exception& error) {
    return syntax_error(source, 1, 1, one_line(error.what()));
  }
}

}  // namespace sb::policy
