// The options of every command as tables: what the parser takes, --help shows, completions offer.
// Must not give an option a meaning (options.cc) or lay text out (help.cc, src/completions).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sb::cli {

struct OptionEntry {
  std::string_view name;  // "--memory"
  // What its value is: alternatives joined by |, words to be given as they are in small letters,
  // kinds of values in capitals ("FILE|null|-"). Empty: a flag, takes no value.
  std::string_view value_name;
  std::string_view help;
  std::string_view group;     // heading in --help
  std::string_view key = {};  // the key of the schema it overrides; empty: none
  bool repeatable = false;    // each use adds one; else the last one counts
};

struct CommandEntry {
  std::string_view name;
  std::string_view synopsis;  // after "sandbox NAME"; alternatives joined by " | "
  std::string_view help;
  std::span<const OptionEntry> options;
  std::string_view notes = {};  // what --help says below the options
};

std::span<const CommandEntry> all_commands();
std::span<const OptionEntry> run_options();
// --help and --version, which every command has.
std::span<const OptionEntry> common_options();

const CommandEntry* find_command(std::string_view name);
const OptionEntry* find_option(std::span<const OptionEntry> options, std::string_view name);

}  // namespace sb::cli
