#include <fmt/core.h>

#include "completions/completions.h"

namespace sb::completions {
namespace {

constexpr std::string_view head = R"--(# bash completion for sandbox(1).
# Made from the program's table of options when it was built: changes here are lost.

)--";

// The parts that do not depend on the tables.
constexpr std::string_view tail = R"--(
# CURRENT: completes it to one of $choices, or to a file where $files is set.
_sandbox_value() {
  local current=$1
  # What follows a colon is a path: ro:DIR, SRC:DST.
  if [[ $current == *:* ]]; then
    current=${current##*:} choices=
  fi
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
  fi
}

_sandbox_program() {
  if [[ $1 == */* ]]; then
    choices='' files=1
    _sandbox_value "$1"
  else
    mapfile -t COMPREPLY < <(compgen -c -- "$1")
    compopt -o filenames 2>/dev/null
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$1")
  fi
}

_sandbox() {
  COMPREPLY=()
  # The shell cuts words at = and :; here they are whole again.
  local words=() word rest line=${COMP_LINE:0:COMP_POINT} i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    rest=${line#"${line%%[![:blank:]]*}"}
    word=$rest
    ((i < COMP_CWORD)) && word=${COMP_WORDS[i]}
    if ((i > 0)) && [[ $rest == "$line" ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    line=${rest:${#word}}
  done
  local last=$((${#words[@]} - 1)) current=${words[-1]} choices='' files=''
  if ((last < 2)); then
    mapfile -t COMPREPLY < <(compgen -W "$_sandbox_commands" -- "$current")
    return
  fi
  local command=${words[1]}
  # Which word is the first that is no option.
  local first=$last
  for ((i = 2; i < last; i++)); do
    word=${words[i]}
    if [[ $word == -- ]]; then
      first=$((i + 1))
      break
    elif [[ $word != *=* ]] && _sandbox_option "$command" "$word"; then
      if ((i + 1 == last)); then
        _sandbox_value "$current"
        return
      fi
      ((++i))
    elif [[ $word != -* ]]; then
      first=$i
      break
    fi
  done
  if ((first == last)) && [[ $current == -* && ${words[last - 1]} != -- ]]; then
    if [[ $current == *=* ]]; then
      _sandbox_option "$command" "${current%%=*}" && _sandbox_value "${current#*=}"
    else
      mapfile -t COMPREPLY < <(compgen -W "$(_sandbox_options "$command")" -- "$current")
    fi
  else
    choices='' files=''
    _sandbox_rest "$command" "$((last - first))" "${words[first]}" "$current"
  fi
}

complete -F _sandbox sandbox
)--";

std::string settings(const Candidates& candidates) {
  return fmt::format("choices={} files={}", quoted(joined(candidates.words), R"('\'')"),
                     candidates.files ? "1" : "''");
}

std::string option_cases(const Command& command, std::span<const std::string> profiles) {
  std::string text;
  for (const cli::OptionEntry* option : command.options) {
    if (!option->value_name.empty()) {
      text += fmt::format("    '{} {}') {} ;;\n", command.entry->name, option->name,
                          settings(candidates_of(*option, profiles)));
    }
  }
  return text;
}

std::string name_case(const Command& command) {
  std::string names;
  for (const cli::OptionEntry* option : command.options) {
    names += fmt::format(" {}", option->name);
  }
  return fmt::format("    {}) echo '{}' ;;\n", command.entry->name, names.substr(1));
}

// What follows the options.
std::string rest_cases(const Command& command) {
  const std::string_view name = command.entry->name;
  if (command.takes_program) {
    return fmt::format(
        "    '{0} 0 '*) _sandbox_program \"$4\" ;;\n"
        "    '{0} '*)\n      files=1\n      _sandbox_value \"$4\"\n      ;;\n",
        name);
  }
  std::string verbs;
  std::string text;
  for (const Verb& verb : command.verbs) {
    verbs += (verbs.empty() ? "" : " ") + verb.name;
    if (!verb.argument.words.empty() || verb.argument.files) {
      text += fmt::format("    '{} 1 {}')\n      {}\n      _sandbox_value \"$4\"\n      ;;\n", name,
                          verb.name, settings(verb.argument));
    }
  }
  if (verbs.empty()) {
    return "";
  }
  return fmt::format("    '{} 0 '*)\n      choices='{}'\n      _sandbox_value \"$4\"\n      ;;\n",
                     name, verbs) +
         text;
}

}  // namespace

std::string bash_script(std::span<const std::string> profiles) {
  std::string names;
  std::string values;
  std::string options;
  std::string rest;
  for (const Command& command : all_commands(profiles)) {
    names += fmt::format("{} ", command.entry->name);
    values += option_cases(command, profiles);
    options += name_case(command);
    rest += rest_cases(command);
  }
  for (const cli::OptionEntry& option : cli::common_options()) {
    names += fmt::format("{} ", option.name);
  }
  names.pop_back();
  return fmt::format(
      "{}_sandbox_commands='{}'\n\n"
      "# COMMAND OPTION: what its value can be; fails where it takes none.\n"
      "_sandbox_option() {{\n  case \"$1 $2\" in\n{}    *) return 1 ;;\n  esac\n}}\n\n"
      "# COMMAND: the names of its options.\n"
      "_sandbox_options() {{\n  case $1 in\n{}  esac\n}}\n\n"
      "# COMMAND INDEX FIRST CURRENT: completes what follows the options.\n"
      "_sandbox_rest() {{\n  case \"$1 $2 $3\" in\n{}  esac\n}}\n{}",
      head, names, values, options, rest, tail);
}

}  // namespace sb::completions
