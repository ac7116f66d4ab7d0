#include "cli/dispatch.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "base/log.h"
#include "cli/doctor_command.h"
#include "cli/help.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/parser.h"
#include "cli/print.h"
#include "cli/profile_command.h"
#include "cli/replay_command.h"
#include "cli/result_output.h"
#include "cli/run_command.h"
#include "cli/selftest_command.h"
#include "cli/serve_command.h"
#include "policy/words.h"

namespace sb::cli {
namespace {

using Words = std::span<const std::string>;

std::optional<std::string> environment(const char* name) {
  const char* const value = std::getenv(name);
  // Why: VARIABLE= is how a shell takes a variable back for one command.
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

Result<Done> start_log() {
  const std::string level = environment("SANDBOX_LOG").value_or("");
  if (!set_log_level(level)) {
    return Error(Tag::usage, fmt::format("SANDBOX_LOG {}: expected off, info or debug",
                                         policy::in_quotes(level)));
  }
  return Done{};
}

Caller caller_of_this() {
  std::error_code error;
  std::filesystem::path directory = std::filesystem::current_path(error);
  if (error) {
    // Why: a directory that was removed has no name, but a run needs none unless it asks for a
    // relative path, which the kernel then refuses by itself (pitfall 23).
    directory = "/proc/self/cwd";
  }
  return {directory, environment("SANDBOX_PROFILE"), environment("SANDBOX_CGROUP_PARENT")};
}

Result<int> run(ParsedArguments&& parsed, Words words) {
  RunOptions options = TRY(read_run_options(std::move(parsed), caller_of_this()));
  options.words.assign(words.begin(), words.end());
  // Why now: a place that can't be had costs no look at the host.
  ResultPlace place = TRY(find_result_place(options, {}));
  return run_command(options, std::move(place));
}

std::string version_text() { return fmt::format("sandbox {}\n", SANDBOX_VERSION); }

// What --help or --version prints where `word` is one of them.
std::optional<std::string> shown_for(std::string_view word, const CommandEntry* command) {
  if (word == "--help" || word == "-h") {
    return command != nullptr ? command_help(*command) : program_help();
  }
  return word == "--version" ? std::optional(version_text()) : std::nullopt;
}

// Of `run` only a word among its own options counts: `sandbox run ls --help` is for ls.
std::optional<std::string> asked_for(const CommandEntry& command, const ParsedArguments& parsed) {
  if (command.name != "run") {
    for (const std::string& word : parsed.rest) {
      if (std::optional<std::string> text = shown_for(word, &command)) {
        return text;
      }
    }
  }
  for (const OptionEntry& option : common_options()) {
    if (parsed.has(option.name)) {
      return shown_for(option.name, &command);
    }
  }
  return std::nullopt;
}

Error unknown_command(std::string_view word) {
  std::vector<std::string_view> known;
  for (const CommandEntry& command : all_commands()) {
    known.push_back(command.name);
  }
  if (word.starts_with('-')) {
    known = {"--help", "--version"};
    return Error(Tag::usage, fmt::format("unknown option {}{}", word.substr(0, word.find('=')),
                                         policy::did_you_mean(word, known)));
  }
  return Error(Tag::usage, fmt::format("unknown command {}{}", policy::in_quotes(word),
                                       policy::did_you_mean(word, known)));
}

Result<int> dispatch(Words words) {
  CHECK(start_log());
  if (words.empty()) {
    return Error(Tag::usage, "no command given: sandbox run [OPTION...] [--] PROGRAM [ARG...]");
  }
  if (const std::optional<std::string> text = shown_for(words.front(), nullptr)) {
    CHECK(print_text(*text));
    return 0;
  }
  const CommandEntry* const command = find_command(words.front());
  if (command == nullptr) {
    return unknown_command(words.front());
  }
  ParsedArguments parsed =
      TRY(parse_arguments(command->options, words.subspan(1), command->name == "replay"));
  if (const std::optional<std::string> text = asked_for(*command, parsed)) {
    CHECK(print_text(*text));
    return 0;
  }
  if (command->name == "run") {
    return run(std::move(parsed), words);
  }
  if (command->name == "serve") {
    return serve_command(parsed, words, caller_of_this());
  }
  if (command->name == "doctor") {
    return doctor_command(parsed, words, environment("SANDBOX_CGROUP_PARENT").value_or(""));
  }
  if (command->name == "selftest") {
    return selftest_command(parsed, words, environment("SANDBOX_PROFILE").value_or(""),
                            environment("SANDBOX_CGROUP_PARENT").value_or(""));
  }
  if (command->name == "replay") {
    return replay_command(std::move(parsed));
  }
  return profile_command(parsed);
}

}  // namespace

int run_cli(int argc, char** argv) {
  // Safety: argv holds argc strings (execve(2)); argc may be 0.
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Result<int> status = dispatch(words);
  if (!status) {
    print_error(status.error());
    return status.error().exit_code();
  }
  return *status;
}

}  // namespace sb::cli
