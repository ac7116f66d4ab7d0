#include <fmt/core.h>

#include "completions/completions.h"

namespace sb::completions {
namespace {

constexpr std::string_view quote = R"('\'')";

constexpr std::string_view head = R"--(#compdef sandbox
# zsh completion for sandbox(1).
# Made from the program's table of options when it was built: changes here are lost.

# WORD...: one of these, or a file.
_sandbox_files() {
  _alternative "words:word:($*)" 'files:file:_files'
}

_sandbox_program() {
  _alternative 'commands:command:_command_names -e' 'files:program:_files'
}

)--";

constexpr std::string_view tail = R"--(
_sandbox "$@"
)--";

// Of _arguments: a colon ends a part, a bracket the explanation.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

// What completes a value.
std::string action_of(const Candidates& candidates) {
  const std::string words = joined(candidates.words);
  if (candidates.files) {
    return candidates.words.empty() ? "_files" : fmt::format(" _sandbox_files {}", words);
  }
  return candidates.words.empty() ? "" : fmt::format("({})", words);
}

std::string option_spec(const cli::OptionEntry& option, std::span<const std::string> profiles) {
  std::string spec = option.repeatable ? "*" : "";
  const bool takes_value = !option.value_name.empty();
  spec += fmt::format("{}{}[{}]", option.name, takes_value ? "=" : "", escaped(option.help));
  if (takes_value) {
    spec += fmt::format(":{}:{}", escaped(option.value_name),
                        action_of(candidates_of(option, profiles)));
  }
  return quoted(spec, quote);
}

std::string verb_lines(const Command& command) {
  std::string names;
  std::string cases;
  for (const Verb& verb : command.verbs) {
    names += (names.empty() ? "" : " ") + verb.name;
    const std::string action = action_of(verb.argument);
    if (!action.empty()) {
      cases += fmt::format("            {}) _arguments '1:argument:{}' ;;\n", verb.name, action);
    }
  }
  return fmt::format(
      " \\\n        '1:command:({})' \\\n        '*:: :->rest'\n"
      "      if [[ $state == rest ]]; then\n"
      "        case $words[1] in\n{}"
      "        esac\n      fi\n",
      names, cases);
}

std::string command_case(const Command& command, std::span<const std::string> profiles) {
  std::string text = fmt::format("    {})\n      _arguments -C -S -A '-*'", command.entry->name);
  for (const cli::OptionEntry* option : command.options) {
    text += " \\\n        " + option_spec(*option, profiles);
  }
  if (command.takes_program) {
    text += " \\\n        '(-)1:program:_sandbox_program' \\\n        '*:: :_normal'\n";
  } else {
    text += command.verbs.empty() ? "\n" : verb_lines(command);
  }
  return text + "      ;;\n";
}

}  // namespace

std::string zsh_script(std::span<const std::string> profiles) {
  std::string names;
  std::string cases;
  for (const Command& command : all_commands(profiles)) {
    names += fmt::format(
        "    {}\n",
        quoted(fmt::format("{}:{}", command.entry->name, escaped(command.entry->help)), quote));
    cases += command_case(command, profiles);
  }
  std::string common;
  for (const cli::OptionEntry& option : cli::common_options()) {
    common += option_spec(option, profiles) + " ";
  }
  return fmt::format(
      "{}_sandbox() {{\n"
      "  local curcontext=$curcontext state line\n"
      "  typeset -A opt_args\n"
      "  local -a subcommands=(\n{}  )\n"
      "  _arguments -C -A '-*' {}'1: :->command' '*:: :->rest'\n"
      "  if [[ $state == command ]]; then\n"
      "    _describe -t commands command subcommands\n"
      "    return\n"
      "  fi\n"
      "  case $words[1] in\n{}  esac\n}}\n{}",
      head, names, common, cases, tail);
}

}  // namespace sb::completions
