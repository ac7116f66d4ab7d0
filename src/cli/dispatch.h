// From the words of the command line to one command, and its exit status.
// Must not do a command's work.
#pragma once

namespace sb::cli {

// Returns the exit status of the process. Errors of parsing are printed here.
int run_cli(int argc, char** argv);

}  // namespace sb::cli
