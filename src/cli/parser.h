// Splits a command's arguments into options with their values and the rest. The one user of CLI11.
// Must not give an option a meaning: that is options.cc.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/option_table.h"

namespace sb::cli {

struct ParsedArguments {
  // By option name ("--memory"): its values in the order given; one empty value for a flag.
  std::map<std::string_view, std::vector<std::string>> options;
  // What follows the options, byte for byte: the first word that is no option, and all after it.
  std::vector<std::string> rest;

  bool has(std::string_view name) const { return options.contains(name); }
  // The last value given, or `otherwise`.
  std::string value_of(std::string_view name, std::string_view otherwise = {}) const;
};

// `dash_is_file`: the first word that is no option may be "-", which stands for stdin. Errors:
// usage.
Result<ParsedArguments> parse_arguments(std::span<const OptionEntry> options,
                                        std::span<const std::string> arguments,
                                        bool dash_is_file = false);

}  // namespace sb::cli
