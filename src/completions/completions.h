// What shells offer on TAB, as scripts for bash, zsh and fish made from the option tables.
// Must not be part of the program: make_completions writes them when it is built.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_table.h"

namespace sb::completions {

// What a value can be, as far as a shell can know.
struct Candidates {
  std::vector<std::string> words;
  bool files = false;
};

// A command of a command: "show" of `profile`, and what follows it.
struct Verb {
  std::string name;
  Candidates argument;
};

struct Command {
  const cli::CommandEntry* entry = nullptr;
  std::vector<const cli::OptionEntry*> options;  // its own and those of every command
  std::vector<Verb> verbs;
  bool takes_program = false;
};

// Every command, with `profiles` as the names that a profile can have.
std::vector<Command> all_commands(std::span<const std::string> profiles);
Candidates candidates_of(const cli::OptionEntry& option, std::span<const std::string> profiles);

std::string bash_script(std::span<const std::string> profiles);
std::string zsh_script(std::span<const std::string> profiles);
std::string fish_script(std::span<const std::string> profiles);

// "a b c".
std::string joined(const std::vector<std::string>& words);
// 'text' for a shell; `quote` is how a ' is written inside.
std::string quoted(std::string_view text, std::string_view quote);

}  // namespace sb::completions
