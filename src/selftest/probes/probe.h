// The inside of selftest: each probe attempts one thing and tells what came of it, "key=value"
// lines. Must not judge what it saw (selftest/rows_*.cc do), nor do anything but inside a run.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sb::selftest::probes {

// The word after the program's name. It is no command: outside of a run it means nothing.
inline constexpr const char* word = "selftest-probe";
// The name of the key that the caller of the run holds.
inline constexpr const char* key_name = "sandbox.selftest";

// The exit status of the probe that the words ask for; nullopt where they don't, or not inside.
std::optional<int> run_if_asked(int argc, char** argv);

using Arguments = std::span<const std::string>;

int look(Arguments arguments);        // [wait]: what it is and sees; then stays until it is ended
int files(Arguments paths);           // what of the file system can be read, made and written
int change(Arguments arguments);      // chmod, unlink, rename of what the root has
int process_files(Arguments paths);   // the same of /proc and /sys
int reach(Arguments arguments);       // PORT NAME: whom it can connect to
int type(Arguments arguments);        // types into each terminal that it can get at
int keys(Arguments arguments);        // what its keyrings hold
int namespaces(Arguments arguments);  // clone|clone3|unshare|setns: tries to get a namespace
int call(Arguments arguments);        // NUMBER ARGUMENT...: one call, by the entry of x86-64
int call_i386(Arguments arguments);   // the same by int $0x80
int call_far(Arguments arguments);    // exit(2) from a 32-bit code segment
int send(Arguments arguments);        // FILE [stay]: says 1 wherever another run might see it
int receive(Arguments arguments);     // FILE: NAME=0 or 1, for each of those places
int use_up(Arguments arguments);      // WHAT: more of it than there can be

// --- what they share
// ------------------------------------------------------------------------------ A line; what is no
// printable ASCII of the value becomes "?".
void tell(std::string_view key, std::string_view value);
void tell(std::string_view key, long long value);
// "ok", or the errno's name where `result` is negative.
std::string outcome_of(long result);
std::string content_of(const std::string& path);
// The names in a directory, in order, with a blank between two; "?ENOENT" where it can't be read.
std::string names_in(const std::string& path);
[[noreturn]] void stay();

}  // namespace sb::selftest::probes
