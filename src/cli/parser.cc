#include "cli/parser.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/core.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "policy/words.h"

namespace sb::cli {
namespace {

using Table = std::span<const OptionEntry>;
using Words = std::span<const std::string>;

Error usage_error(std::string message) { return Error(Tag::usage, std::move(message)); }

Error unknown_option(Table options, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  std::vector<std::string_view> known;
  for (const Table table : {options, common_options()}) {
    for (const OptionEntry& option : table) {
      // Why: a cut name is meant more often than the name with the fewest letters changed.
      if (option.name.starts_with(name) && name.size() > 3) {
        return usage_error(
            fmt::format("unknown option {}; did you mean \"{}\"?", name, option.name));
      }
      known.push_back(option.name);
    }
  }
  return usage_error(fmt::format("unknown option {}{}", name, policy::did_you_mean(name, known)));
}

Error needs_value(const OptionEntry& option) {
  return usage_error(fmt::format("{} needs a value: {}", option.name, option.value_name));
}

// CLI11 accepts --pass=no, takes the next word for the value of --memory=, and an option's name for
// the value of the option before it. Each is more likely a mistake than meant.
Result<Done> check_words(Table options, Words words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::size_t equals = word.find('=');
    const OptionEntry* const option = find_option(options, word.substr(0, equals));
    if (option == nullptr) {
      continue;  // -h; anything else unknown has been refused already
    }
    if (option->value_name.empty()) {
      if (equals != std::string_view::npos) {
        return usage_error(fmt::format("{} takes no value", option->name));
      }
      continue;
    }
    if (equals != std::string_view::npos) {
      if (equals + 1 == word.size()) {
        return needs_value(*option);
      }
      continue;
    }
    ++i;
    if (i == words.size() || words[i].empty() || find_option(options, words[i]) != nullptr) {
      return needs_value(*option);
    }
  }
  return Done{};
}

bool is_mentioned(const OptionEntry& option, Words words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return word.substr(0, word.find('=')) == option.name ||
           (word == "-h" && option.name == "--help");
  });
}

// Why only what is mentioned: CLI11 takes half a millisecond for all options of `run`, and what is
// unknown to it is looked up in the table afterwards.
void declare(CLI::App& app, Table table, Words words, ParsedArguments& parsed,
             std::map<std::string_view, std::size_t>& flags) {
  for (const OptionEntry& option : table) {
    if (!is_mentioned(option, words)) {
      continue;
    }
    const std::string name(option.name == "--help" ? "-h,--help" : option.name);
    if (option.value_name.empty()) {
      app.add_flag(name, flags[option.name]);
    } else {
      // Why: without allow_extra_args(false) CLI11 takes following words too, and splits a value
      // of the form [x,y] in two.
      app.add_option(name, parsed.options[option.name])->allow_extra_args(false);
    }
  }
}

// Throws what CLI11 throws.
ParsedArguments parse_with_cli11(Table options, Words words) {
  ParsedArguments parsed;
  std::map<std::string_view, std::size_t> flags;
  CLI::App app;
  app.set_help_flag();
  app.prefix_command();
  declare(app, options, words, parsed, flags);
  declare(app, common_options(), words, parsed, flags);
  // CLI11 wants the words in reverse order.
  app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  parsed.rest = app.remaining();
  std::erase_if(parsed.options, [](const auto& option) { return option.second.empty(); });
  for (const auto& [name, count] : flags) {
    if (count > 0) {
      parsed.options[name].emplace_back();
    }
  }
  return parsed;
}

}  // namespace

std::string ParsedArguments::value_of(std::string_view name, std::string_view otherwise) const {
  const auto found = options.find(name);
  return found != options.end() ? found->second.back() : std::string(otherwise);
}

Result<ParsedArguments> parse_arguments(Table options, Words arguments, bool dash_is_file) {
  // Why: CLI11 would drop the first "--"; everything behind it is the program's own.
  const auto cut = std::find(arguments.begin(), arguments.end(), "--");
  const Words words = arguments.first(static_cast<std::size_t>(cut - arguments.begin()));
  ParsedArguments parsed;
  if (words.empty()) {
    parsed.rest.assign(cut == arguments.end() ? cut : cut + 1, arguments.end());
    return parsed;
  }
  try {
    parsed = parse_with_cli11(options, words);
  } catch (const CLI::ArgumentMismatch&) {
    const std::string_view word = words.empty() ? std::string_view() : words.back();
    const OptionEntry* const last = find_option(options, word.substr(0, word.find('=')));
    return last != nullptr ? needs_value(*last) : usage_error("an option needs a value");
  } catch (const CLI::Error& error) {
    // Why: a flag with a value (--pass=no) is all that is known to end here.
    CHECK(check_words(options, words));
    return usage_error(error.what());
  } catch (const std::logic_error& error) {
    // Why: CLI11 reads the value of a flag as a number, and does not ask std::stoll how it went.
    CHECK(check_words(options, words));
    return usage_error(error.what());
  }
  const bool is_file = dash_is_file && !parsed.rest.empty() && parsed.rest.front() == "-";
  if (!parsed.rest.empty() && parsed.rest.front().starts_with('-') && !is_file) {
    return unknown_option(options, parsed.rest.front());
  }
  CHECK(check_words(options, words.first(words.size() - parsed.rest.size())));
  const bool has_program = !parsed.rest.empty();
  parsed.rest.insert(parsed.rest.end(), has_program || cut == arguments.end() ? cut : cut + 1,
                     arguments.end());
  return parsed;
}

}  // namespace sb::cli
