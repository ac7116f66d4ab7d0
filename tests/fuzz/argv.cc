// Command lines: any words give a request or one clear line and exit status 2.
#include <algorithm>
#include <vector>

#include "base/split.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/parser.h"
#include "fuzz/properties.h"
#include "fuzz/shown_limits.h"
#include "fuzz/targets.h"
#include "policy/profile.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::cli;

// Words are lines of the input; an argument holds no NUL.
std::vector<std::string> words_of(std::string_view bytes) {
  std::vector<std::string> words = sb::split(bytes.substr(0, bytes.find('\0')), '\n');
  constexpr std::size_t most_words = 64;
  words.resize(std::min(words.size(), most_words));
  return words;
}

void expect_usage(const sb::Error& error) {
  expect_clear(sb::Error(error.tag(), "with any bytes"));
  HOLDS_FOR(error.exit_code() == 2, error.to_line());
  // Words are quoted as they came; what prints the line makes them visible (cli/print.cc).
  HOLDS_FOR(!error.to_line().empty() && error.to_line().size() < 2048, error.to_line());
}

// Whether the parse is what the words say: options are the table's, and the rest is as it was.
void expect_parse(std::span<const OptionEntry> table, const std::vector<std::string>& words,
                  const ParsedArguments& parsed) {
  for (const auto& [name, values] : parsed.options) {
    const OptionEntry* option = find_option(table, name);
    if (option == nullptr) {
      option = find_option(common_options(), name);
    }
    HOLDS_FOR(option != nullptr && !values.empty(), std::string(name));
    for (const std::string& value : values) {
      const bool there = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return word == value || word.ends_with("=" + value);
      });
      HOLDS_FOR(there || (option->value_name.empty() && value.empty()), value);
    }
  }
  HOLDS(parsed.rest.size() <= words.size());
  HOLDS(std::equal(parsed.rest.rbegin(), parsed.rest.rend(), words.rbegin()) ||
        std::find(words.begin(), words.end(), "--") != words.end());
}

bool reads_files(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with("--request") || word.starts_with("--program");
  });
}

void expect_options(const RunOptions& options, const std::vector<std::string>& words) {
  HOLDS(!options.steps.front().request.command.empty() &&
        !options.steps.front().request.command.front().empty());
  for (const std::string& word : options.steps.front().request.command) {
    HOLDS(std::find(words.begin(), words.end(), word) != words.end());
  }
  sb::policy::Profile profile;
  for (const sb::policy::Override& given : options.steps.front().request.overrides) {
    const auto set =
        sb::policy::set_option(profile, given.key, given.text, {.source = given.option});
    if (!set) {
      expect_usage(set.error());
    }
  }
  expect_limits_shown(profile);
}

}  // namespace

void fuzz_argv(std::string_view bytes) {
  const std::vector<std::string> words = words_of(bytes);
  for (const CommandEntry& command : all_commands()) {
    const sb::Result<ParsedArguments> parsed = parse_arguments(command.options, words);
    if (parsed) {
      expect_parse(command.options, words, *parsed);
    } else {
      expect_usage(parsed.error());
    }
  }
  if (reads_files(words)) {
    return;
  }
  const Caller caller{"/nowhere", std::nullopt, std::nullopt};
  const sb::Result<RunOptions> options = parse_run(words, caller);
  if (options) {
    expect_options(*options, words);
  } else {
    expect_usage(options.error());
  }
}

}  // namespace sbfuzz
