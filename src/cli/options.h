// From the words of `sandbox run` to a request, and where its result goes.
// Must not know profiles or the host: values of the schema's keys pass through as text, or as the
// request has them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/parser.h"
#include "policy/request.h"

namespace sb::cli {

enum class Format { json, text, isolate, playground };

struct RunOptions {
  std::vector<policy::StepRequest> steps;  // at least one
  std::string result_destination;  // "" is stdout, or nowhere with --pass; "fd:N"; else a path
  std::string events_destination;  // "": nowhere; "fd:N"; else a path
  Format format = Format::json;
  bool pass = false;
  bool exit_zero = false;
  policy::SharedBytes stdin_bytes;      // that --request took, for whoever starts anew
  policy::SharedProgram stdin_program;  // and that --program took
  std::vector<std::string> words;       // the whole command line, "run" first, to start it anew
};

// What `run` takes from its surroundings besides its arguments.
struct Caller {
  std::string directory;                     // absolute
  std::optional<std::string> profile;        // SANDBOX_PROFILE
  std::optional<std::string> cgroup_parent;  // SANDBOX_CGROUP_PARENT
};

// Errors: usage; of --request also request.*.
Result<RunOptions> read_run_options(ParsedArguments&& parsed, const Caller& caller);
// The same from the words that follow "run".
Result<RunOptions> parse_run(std::span<const std::string> arguments, const Caller& caller);
// What `serve` shares with it: the profile, and how its runs are made. Errors: usage.
Result<policy::Request> read_how(const ParsedArguments& parsed, const Caller& caller);

// What --userns says; automatic without it.
Result<policy::UsernsChoice> read_userns(const ParsedArguments& parsed);

// The number of "fd:N"; nullopt where the destination is no descriptor.
std::optional<int> descriptor_of(const std::string& destination);

}  // namespace sb::cli
