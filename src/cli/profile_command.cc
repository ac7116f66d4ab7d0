#include "cli/profile_command.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/print.h"
#include "cli/profile_print.h"
#include "policy/key_error.h"
#include "policy/profile.h"
#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"
#include "policy/words.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

// Limit: as the reader of profiles has it.
constexpr std::size_t max_profile_bytes = 65'536;

Result<Done> list() {
  std::string text;
  for (const std::string& name : policy::builtin_profile_names()) {
    const policy::Profile profile = TRY(policy::load_profile(name));
    text += fmt::format("{:<12} {}\n", name, profile.description ? profile.description->value : "");
  }
  return print_text(text);
}

// The text as it was written, once it has been read without an error.
Result<Done> show(const std::string& name) {
  CHECK(policy::load_profile(name));
  if (const std::optional<std::string_view> text = policy::builtin_profile_text(name)) {
    return print_text(*text);
  }
  const sys::ReadResult file = sys::read_file(name, max_profile_bytes);
  if (file.err != 0) {
    return Error(Tag::profile_unreadable,
                 fmt::format("reading profile {}", policy::in_quotes(name)), file.err);
  }
  return print_text(file.data);
}

Result<Done> to_stdout(std::string_view text) { return print_text(text); }

bool for_people() { return ::isatty(STDOUT_FILENO) != 0; }

Result<int> check(const std::string& name, bool json) {
  const policy::Profile profile = TRY(policy::load_profile(name));
  const bool is_builtin = policy::builtin_profile_text(name).has_value();
  const std::vector<policy::Finding> findings =
      policy::check_profile(profile, is_builtin ? name + ".toml" : name);
  if (json) {
    CHECK(write_findings(findings, name, to_stdout, for_people()));
  } else {
    CHECK(print_text(findings_text(findings)));
  }
  return std::any_of(findings.begin(), findings.end(),
                     [](const policy::Finding& finding) { return finding.is_error; })
             ? 1
             : 0;
}

// The calls that a word of the command line means: one, or those of a group.
Result<std::vector<int>> numbers_of(const std::string& word) {
  if (std::optional<std::vector<int>> group = policy::expand_group(word)) {
    return *std::move(group);
  }
  if (const std::optional<int> number = policy::number_of(word)) {
    return std::vector<int>{*number};
  }
  return policy::unknown_syscall({word, {.source = "profile explain"}}, word);
}

// Only the calls that were asked for; those that no entry names have the default.
Result<Done> keep_calls(std::span<const std::string> words, Explanation& explanation) {
  std::vector<policy::ExplainedCall> kept;
  for (const std::string& word : words) {
    for (const int number : TRY(numbers_of(word))) {
      const auto known =
          std::find_if(explanation.calls.begin(), explanation.calls.end(),
                       [&](const policy::ExplainedCall& call) { return call.number == number; });
      if (known != explanation.calls.end()) {
        kept.push_back(*known);
      } else {
        kept.push_back({number, std::string(policy::name_of(number)), {explanation.otherwise}, {}});
      }
    }
  }
  explanation.calls = std::move(kept);
  return Done{};
}

Result<Done> explain(const std::string& name, std::span<const std::string> words, bool json) {
  const policy::Profile profile = TRY(policy::load_profile(name));
  Explanation explanation{.profile = name,
                          .sha256 = profile.sha256,
                          .description = profile.description ? profile.description->value : "",
                          .settings = policy::explain_settings(profile),
                          .otherwise = policy::explain_default(profile),
                          .calls = TRY(policy::explain_syscalls(profile))};
  if (!words.empty()) {
    CHECK(keep_calls(words, explanation));
  }
  if (json) {
    return write_explanation(explanation, to_stdout, for_people());
  }
  return print_text(words.empty() ? explanation_text(explanation) : calls_text(explanation));
}

}  // namespace

Result<int> profile_command(const ParsedArguments& parsed) {
  constexpr std::array<std::string_view, 4> verbs = {"list", "show", "check", "explain"};
  std::vector<std::string> words;
  bool json = parsed.has("--json");
  for (const std::string& word : parsed.rest) {
    if (word == "--json") {
      json = true;
    } else if (word.starts_with('-')) {
      return Error(Tag::usage, fmt::format("unknown option {}", word));
    } else {
      words.push_back(word);
    }
  }
  if (words.empty()) {
    return Error(Tag::usage, "profile needs a command: list, show, check or explain");
  }
  const std::string& verb = words.front();
  if (std::find(verbs.begin(), verbs.end(), verb) == verbs.end()) {
    return Error(Tag::usage, fmt::format("unknown command profile {}{}", policy::in_quotes(verb),
                                         policy::did_you_mean(verb, verbs)));
  }
  if (json && (verb == "list" || verb == "show")) {
    return Error(Tag::usage, fmt::format("profile {} has no --json", verb));
  }
  if (verb == "list") {
    if (words.size() != 1) {
      return Error(Tag::usage, "profile list takes no arguments");
    }
    CHECK(list());
    return 0;
  }
  if (words.size() < 2 || (words.size() > 2 && verb != "explain")) {
    return Error(Tag::usage, fmt::format("profile {} takes one name or file", verb));
  }
  if (verb == "check") {
    return check(words[1], json);
  }
  CHECK(verb == "show" ? show(words[1]) : explain(words[1], std::span(words).subspan(2), json));
  return 0;
}

}  // namespace sb::cli
