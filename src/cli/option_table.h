// The options of every command as tables: what --help shows, what the parser takes, what is
// nearest. Must not give an option a meaning: that is options.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sb::cli {

struct OptionEntry {
  std::string_view name;         // "--memory"
  std::string_view placeholder;  // "SIZE"; empty: a flag, takes no value
  std::string_view help;
  std::string_view group;     // heading in --help
  std::string_view key = {};  // the key of the schema it overrides; empty: none
  bool repeatable = false;    // each use adds one; else the last one counts
};

struct CommandEntry {
  std::string_view name;
  std::string_view synopsis;  // after "sandbox NAME"
  std::string_view help;
  std::span<const OptionEntry> options;
};

std::span<const CommandEntry> all_commands();
std::span<const OptionEntry> run_options();
// --help and --version, which every command has.
std::span<const OptionEntry> common_options();

const CommandEntry* find_command(std::string_view name);
const OptionEntry* find_option(std::span<const OptionEntry> options, std::string_view name);

std::string program_help();
std::string command_help(const CommandEntry& command);

}  // namespace sb::cli
