#include <algorithm>
#include <array>

#include "completions/completions.h"

namespace sb::completions {
namespace {

// Takes the text before `separator` off the front; all of it where there is none.
std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + separator.size());
  return part;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(),
                                       [](char c) { return (c >= 'A' && c <= 'Z') || c == ':'; });
}

// "FILE|null|-": null, - and files. "NAME|FILE" is a profile.
Candidates of_value_name(std::string_view value_name, std::span<const std::string> profiles) {
  Candidates candidates;
  bool names = false;
  std::string_view rest = value_name;
  while (!rest.empty()) {
    const std::string_view alternative = take_until(rest, "|");
    const std::string_view first = alternative.substr(0, alternative.find_first_of("[ :"));
    if (is_word(alternative.substr(0, alternative.find('[')))) {
      candidates.words.emplace_back(first);
    }
    // DIR of ro[:DIR] is a path, too.
    for (const std::string_view kind : {"FILE", "PATH", "DIR", "SRC"}) {
      candidates.files = candidates.files || alternative.find(kind) != std::string_view::npos;
    }
    names = names || first == "NAME";
  }
  if (names && candidates.files) {
    candidates.words.insert(candidates.words.end(), profiles.begin(), profiles.end());
  }
  return candidates;
}

std::vector<Verb> verbs_of(const cli::CommandEntry& entry, std::span<const std::string> profiles) {
  std::vector<Verb> verbs;
  std::string_view rest = entry.synopsis;
  if (rest.starts_with('[') || rest.starts_with('-')) {
    return verbs;
  }
  while (!rest.empty()) {
    std::string_view form = take_until(rest, " | ");
    const std::string_view name = take_until(form, " ");
    verbs.push_back({std::string(name), of_value_name(form, profiles)});
  }
  return verbs;
}

}  // namespace

Candidates candidates_of(const cli::OptionEntry& option, std::span<const std::string> profiles) {
  Candidates candidates = of_value_name(option.value_name, profiles);
  if (option.key.starts_with("limits.") && candidates.words.empty()) {
    candidates.words.emplace_back("none");
  }
  return candidates;
}

std::vector<Command> all_commands(std::span<const std::string> profiles) {
  std::vector<Command> commands;
  for (const cli::CommandEntry& entry : cli::all_commands()) {
    Command command{&entry, {}, verbs_of(entry, profiles), false};
    for (const std::span<const cli::OptionEntry> table : {entry.options, cli::common_options()}) {
      for (const cli::OptionEntry& option : table) {
        command.options.push_back(&option);
      }
    }
    command.takes_program = entry.synopsis.find("PROGRAM") != std::string_view::npos;
    commands.push_back(std::move(command));
  }
  return commands;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string quoted(std::string_view text, std::string_view quote) {
  std::string result = "'";
  for (const char c : text) {
    c == '\'' ? result += quote : result += c;
  }
  return result + "'";
}

}  // namespace sb::completions
