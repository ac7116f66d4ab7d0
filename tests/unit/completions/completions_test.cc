#include "completions/completions.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace sb;
using namespace sb::completions;

const std::vector<std::string> profiles = {"default", "go"};

cli::OptionEntry option(std::string_view value_name, std::string_view key = {}) {
  return {"--option", value_name, "help", "group", key};
}

}  // namespace

TEST_CASE("completions: each option is in each script") {
  const std::string bash = bash_script(profiles);
  const std::string zsh = zsh_script(profiles);
  const std::string fish = fish_script(profiles);
  for (const cli::CommandEntry& command : cli::all_commands()) {
    CHECK(bash.find(command.name) != std::string::npos);
    for (const std::span<const cli::OptionEntry> table : {command.options, cli::common_options()}) {
      for (const cli::OptionEntry& entry : table) {
        const std::string name(entry.name);
        CHECK_MESSAGE((bash.find(name + " ") != std::string::npos ||
                       bash.find(name + "'") != std::string::npos),
                      name);
        CHECK_MESSAGE((zsh.find(name + "=[") != std::string::npos ||
                       zsh.find(name + "[") != std::string::npos),
                      name);
        CHECK_MESSAGE(fish.find(" -l " + name.substr(2) + " ") != std::string::npos, name);
      }
    }
  }
}

TEST_CASE("completions: what a value can be is read from its value_name") {
  CHECK(joined(candidates_of(option("json|text|isolate|playground"), profiles).words) ==
        "json text isolate playground");
  CHECK(joined(candidates_of(option("FILE|null|-"), profiles).words) == "null -");
  CHECK(joined(candidates_of(option("scratch|ro|rw[:DIR]"), profiles).words) == "scratch ro rw");
  CHECK(joined(candidates_of(option("NAME|FILE"), profiles).words) == "default go");
  CHECK(joined(candidates_of(option("FILE|fd:N"), profiles).words).empty());
  CHECK(joined(candidates_of(option("NAME"), profiles).words).empty());
  CHECK(joined(candidates_of(option("SIZE", "limits.memory"), profiles).words) == "none");
  CHECK(joined(candidates_of(option("stop|truncate", "limits.x"), profiles).words) ==
        "stop truncate");
  for (const char* const value_name :
       {"FILE|null|-", "host|empty|PATH", "SRC:DST[:MODE]", "FILE|fd:N", "scratch|ro|rw[:DIR]"}) {
    CHECK_MESSAGE(candidates_of(option(value_name), profiles).files, value_name);
  }
  for (const char* const value_name : {"SIZE", "NAME=VALUE", "json|text"}) {
    CHECK_MESSAGE(!candidates_of(option(value_name), profiles).files, value_name);
  }
}

TEST_CASE("completions: the commands of profile are offered") {
  for (const Command& command : all_commands(profiles)) {
    CHECK(command.takes_program == (command.entry->name == "run"));
    if (command.entry->name != "profile") {
      CHECK(command.verbs.empty());
      continue;
    }
    REQUIRE(command.verbs.size() >= 2);
    CHECK(command.verbs[0].name == "list");
    CHECK(!command.verbs[0].argument.files);
    CHECK(command.verbs[1].name == "show");
    CHECK(joined(command.verbs[1].argument.words) == "default go");
    CHECK(command.verbs[1].argument.files);
  }
}

TEST_CASE("completions: quotes in an explanation stay inside it") {
  CHECK(quoted("can't", R"('\'')") == R"('can'\''t')");
  CHECK(quoted("can't", R"(\')") == R"('can\'t')");
}
