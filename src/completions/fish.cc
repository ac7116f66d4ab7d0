#include <fmt/core.h>

#include "completions/completions.h"

namespace sb::completions {
namespace {

constexpr std::string_view quote = R"(\')";

constexpr std::string_view head = R"--(# fish completion for sandbox(1).
# Made from the program's table of options when it was built: changes here are lost.

function __sandbox_in --argument-names command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $command
end

# Whether a word that is no option, such as the program, stands before the cursor.
function __sandbox_past_options
    set -l words (commandline -opc)
    set -e words[1..2]
    set -l value_next 0
    for word in $words
        if test $value_next = 1
            set value_next 0
            continue
        end
        switch $word
            case --
                return 0
            case '--*=*'
                continue
            case $__sandbox_with_value
                set value_next 1
            case '-*'
                continue
            case '*'
                return 0
        end
    end
    return 1
end

complete -c sandbox -f
)--";

std::string condition(std::string_view command, std::string_view rest) {
  return quoted(fmt::format("__sandbox_in {}; and {}", command, rest), quote);
}

std::string value_flags(const Candidates& candidates) {
  std::string flags = candidates.files ? " -r -F" : " -x";
  if (!candidates.words.empty()) {
    flags += fmt::format(" -a {}", quoted(joined(candidates.words), quote));
  }
  return flags;
}

std::string option_line(std::string_view command, const cli::OptionEntry& option,
                        std::span<const std::string> profiles) {
  return fmt::format("complete -c sandbox -n {} -l {}{} -d {}\n",
                     condition(command, "not __sandbox_past_options"), option.name.substr(2),
                     option.value_name.empty() ? "" : value_flags(candidates_of(option, profiles)),
                     quoted(option.help, quote));
}

std::string rest_lines(const Command& command) {
  const std::string_view name = command.entry->name;
  if (command.takes_program) {
    return fmt::format(
        "complete -c sandbox -n {} -F -a '(__fish_complete_command)'\n"
        "complete -c sandbox -n {} -F\n",
        condition(name, "not __sandbox_past_options"), condition(name, "__sandbox_past_options"));
  }
  std::string text;
  for (const Verb& verb : command.verbs) {
    text += fmt::format("complete -c sandbox -n {} -a {}\n",
                        condition(name, "not __sandbox_past_options"), verb.name);
    if (!verb.argument.words.empty() || verb.argument.files) {
      text +=
          fmt::format("complete -c sandbox -n {}{} -a {}\n",
                      condition(name, fmt::format("__fish_seen_subcommand_from {}", verb.name)),
                      verb.argument.files ? " -F" : "", quoted(joined(verb.argument.words), quote));
    }
  }
  return text;
}

}  // namespace

std::string fish_script(std::span<const std::string> profiles) {
  std::string with_value = "set -g __sandbox_with_value";
  std::string lines;
  for (const Command& command : all_commands(profiles)) {
    const std::string_view name = command.entry->name;
    lines += fmt::format("complete -c sandbox -n __fish_use_subcommand -a {} -d {}\n", name,
                         quoted(command.entry->help, quote));
    for (const cli::OptionEntry* option : command.options) {
      lines += option_line(name, *option, profiles);
      with_value += option->value_name.empty() ? "" : fmt::format(" {}", option->name);
    }
    lines += rest_lines(command);
  }
  for (const cli::OptionEntry& option : cli::common_options()) {
    lines += fmt::format("complete -c sandbox -n __fish_use_subcommand -l {} -d {}\n",
                         option.name.substr(2), quoted(option.help, quote));
  }
  return fmt::format("{}{}\n{}", head, with_value, lines);
}

}  // namespace sb::completions
