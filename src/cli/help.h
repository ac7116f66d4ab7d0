// What --help prints: the option tables laid out for a terminal of 80 columns.
// Must not hold an option, nor know what one does.
#pragma once

#include <string>

#include "cli/option_table.h"

namespace sb::cli {

std::string program_help();
std::string command_help(const CommandEntry& command);

}  // namespace sb::cli
