#include "cli/help.h"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "base/units.h"
#include "filters/builtin_filters.h"

namespace sb::cli {
namespace {

// The options' column; a longer one gets a line of its own.
constexpr std::size_t left_width = 31;

// "512 MiB" for 536870912 bytes: the setting as people write it.
std::string shown(const OptionEntry& option, std::string_view text) {
  if (option.value_name == "SIZE") {
    const std::optional<std::uint64_t> bytes = parse_size_bytes(text);
    return bytes ? format_size(*bytes) : std::string(text);
  }
  if (option.value_name == "DURATION") {
    const std::optional<std::uint64_t> ns = parse_duration_ns(text);
    return ns ? format_duration(*ns) : std::string(text);
  }
  return std::string(text);
}

// Why: read from the profile itself, so that it can't be untrue.
std::string default_of(const OptionEntry& option) {
  const policy::PreparedProfile* const profile = filters::builtin_profile("default");
  if (profile == nullptr || option.key.empty() || option.value_name.empty() || option.repeatable) {
    return "";
  }
  for (const auto& [key, text] : profile->settings) {
    if (key == option.key) {
      return fmt::format(" ({})", shown(option, text));
    }
  }
  return "";
}

std::string option_lines(std::span<const OptionEntry> own) {
  std::string text;
  std::string_view group;
  std::vector<OptionEntry> options(own.begin(), own.end());
  options.insert(options.end(), common_options().begin(), common_options().end());
  for (const OptionEntry& option : options) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n{}:\n", group);
    }
    std::string left = fmt::format("{} {}", option.name, option.value_name);
    if (left.size() > left_width) {
      left += fmt::format("\n{:{}}", "", left_width + 2);
    }
    text += fmt::format("  {:<{}} {}{}{}\n", left, left_width, option.help,
                        option.repeatable ? " (repeatable)" : "", default_of(option));
  }
  return text;
}

// A line for each alternative: "list | show NAME" has two.
std::string usage_of(const CommandEntry& command) {
  std::string text;
  std::string_view rest = command.synopsis;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(" | "), rest.size());
    text += fmt::format("{} sandbox {} {}\n", text.empty() ? "Usage:" : "      ", command.name,
                        rest.substr(0, end));
    rest.remove_prefix(std::min(end + 3, rest.size()));
  }
  return text;
}

}  // namespace

std::string program_help() {
  std::string text =
      "sandbox runs a program that need not be trusted: apart from the rest of the\n"
      "system, under limits, and with a result that says what happened.\n\n"
      "Usage: sandbox COMMAND [OPTION...]\n\nCommands:\n";
  for (const CommandEntry& command : all_commands()) {
    text += fmt::format("  {:<10}{}\n", command.name, command.help);
  }
  text += option_lines({});
  return text +
         "\nExamples:\n"
         "  sandbox run --format text -- echo hello\n"
         "  sandbox run --cpu-time 2s --memory 64M ./prog\n"
         "  sandbox doctor\n"
         "\nsandbox COMMAND --help shows the options of a command; sandbox(1) explains them.\n";
}

std::string command_help(const CommandEntry& command) {
  return fmt::format("{}\n{}\n{}\n{}{}See sandbox(1).\n", usage_of(command), command.help,
                     option_lines(command.options), command.notes,
                     command.notes.empty() ? "" : "\n");
}

}  // namespace sb::cli
