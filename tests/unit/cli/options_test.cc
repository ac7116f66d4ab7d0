#include "cli/options.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/help.h"
#include "cli/option_table.h"
#include "policy/profile_keys.h"

namespace {

using namespace sb;
using namespace sb::cli;
using Words = std::vector<std::string>;

Result<RunOptions> parse(const Words& words, Caller caller = {"/home/caller", {}}) {
  return parse_run(words, caller);
}

RunOptions parsed(const Words& words) {
  Result<RunOptions> options = parse(words);
  REQUIRE_MESSAGE(options, (options ? "" : options.error().to_line()));
  return *std::move(options);
}

std::string message(const Words& words) {
  const Result<RunOptions> options = parse(words);
  if (options) {
    return "(accepted)";
  }
  CHECK(options.error().tag() == Tag::usage);
  CHECK(options.error().exit_code() == 2);
  CHECK(options.error().to_line().find('\n') == std::string::npos);
  return options.error().message();
}

// The texts given for a key, in order.
Words texts_of(const RunOptions& options, const std::string& key) {
  Words texts;
  for (const policy::Override& item : options.steps.front().request.overrides) {
    if (item.key == key) {
      texts.push_back(item.text);
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("options: everything behind the program belongs to it") {
  const Words plain = {"prog", "--memory", "1", "-h", "--", "", "[x,y]", "--no=", "++", "-"};
  CHECK(parsed(plain).steps.front().request.command == plain);

  Words cut = {"--profile", "go", "--"};
  cut.insert(cut.end(), plain.begin(), plain.end());
  CHECK(parsed(cut).steps.front().request.command == plain);
  CHECK(parsed(cut).steps.front().request.profile == "go");

  CHECK(parsed({"--", "--prog", "--", "a"}).steps.front().request.command ==
        Words{"--prog", "--", "a"});
  CHECK(parsed({"prog", "--"}).steps.front().request.command == Words{"prog", "--"});
  CHECK(parsed({"--memory", "1G", "run", "run"}).steps.front().request.command ==
        Words{"run", "run"});
  CHECK(parsed({"[x,y]", "[a,b]"}).steps.front().request.command == Words{"[x,y]", "[a,b]"});
  CHECK(parsed({"/A:b", "/help"}).steps.front().request.command == Words{"/A:b", "/help"});
}

TEST_CASE("options: values come through byte for byte") {
  for (const std::string& value : Words{"[a,b]", "a=b=c", "a b", "\"q\"", "{x}", "/A:b", "-1"}) {
    CHECK(parsed({"--stdin", value, "p"}).steps.front().request.stdio.input_path == value);
    CHECK(parsed({"--stdin=" + value, "p"}).steps.front().request.stdio.input_path == value);
    CHECK(texts_of(parsed({"--env", "A=" + value, "--env", "B=", "p"}), "environment.set") ==
          Words{"A=" + value, "B="});
  }
  CHECK(texts_of(parsed({"--tmpfs", "[a,b]", "--tmpfs=[c,d]", "p"}), "files.tmpfs") ==
        Words{"[a,b]", "[c,d]"});
}

TEST_CASE("options: keys of the schema pass through as text") {
  const RunOptions options = parsed({"--memory", "64M", "--memory=1G", "--mount", "/a:/b:ro",
                                     "--mount=/c:/d", "--wall-time", "none", "--env-keep", "p"});
  CHECK(texts_of(options, "limits.memory") == Words{"1G"});
  CHECK(texts_of(options, "files.mounts") == Words{"/a:/b:ro", "/c:/d"});
  CHECK(texts_of(options, "limits.wall_time") == Words{"none"});
  CHECK(texts_of(options, "environment.keep") == Words{"true"});
  CHECK(options.steps.front().request.overrides.front().option.starts_with("--"));
  CHECK(texts_of(parsed({"p"}), "limits.memory").empty());
  CHECK(parsed({"p"}).steps.front().request.overrides.empty());
}

TEST_CASE("options: mistakes have one clear line") {
  CHECK(message({}) == "no program given: sandbox run [OPTION...] [--] PROGRAM [ARG...]");
  CHECK(message({"--"}).starts_with("no program given"));
  CHECK(message({"--pass"}).starts_with("no program given"));
  CHECK(message({""}) == "the program's name is empty");
  CHECK(message({"--profle", "go", "p"}) == "unknown option --profle; did you mean \"--profile\"?");
  CHECK(message({"--memry=1", "p"}) == "unknown option --memry; did you mean \"--memory\"?");
  CHECK(message({"--mem", "1", "p"}) == "unknown option --mem; did you mean \"--memory\"?");
  CHECK(message({"--xyzzy-plugh", "p"}) == "unknown option --xyzzy-plugh");
  CHECK(message({"-x", "p"}).starts_with("unknown option -x"));
  CHECK(message({"-", "p"}).starts_with("unknown option -"));
  CHECK(message({"-1", "p"}).starts_with("unknown option -1"));
  CHECK(message({"--memory"}) == "--memory needs a value: SIZE");
  CHECK(message({"--memory", "--", "p"}) == "--memory needs a value: SIZE");
  CHECK(message({"--memory="}) == "--memory needs a value: SIZE");
  CHECK(message({"--memory=", "p"}) == "--memory needs a value: SIZE");
  CHECK(message({"--memory", "", "p"}) == "--memory needs a value: SIZE");
  CHECK(message({"--memory", "--pass", "p"}) == "--memory needs a value: SIZE");
  CHECK(message({"--profile=", "ls"}) == "--profile needs a value: NAME|FILE");
  CHECK(message({"--pass=no", "p"}) == "--pass takes no value");
  CHECK(message({"--pass=", "p"}) == "--pass takes no value");
  CHECK(message({"--pass=true", "p"}) == "--pass takes no value");
  CHECK(message({"--pass=" + std::string(40, '4'), "p"}) == "--pass takes no value");
  CHECK(message({"---memory", "p"}).starts_with("unknown option ---memory"));
}

TEST_CASE("options: values that cli itself reads") {
  CHECK(parsed({"--grace", "1m30s", "p"}).steps.front().request.grace_ns == 90'000'000'000);
  CHECK(parsed({"p"}).steps.front().request.grace_ns == 2'000'000'000);
  CHECK(message({"--grace", "soon", "p"}) ==
        "--grace \"soon\": expected a duration such as 2s or 500ms");
  CHECK(parsed({"--userns", "never", "p"}).steps.front().request.userns ==
        policy::UsernsChoice::never);
  CHECK(message({"--userns", "no", "p"}) == "--userns \"no\": expected auto|always|never");
  CHECK(parsed({"--format=isolate", "p"}).format == Format::isolate);
  CHECK(message({"--format", "xml", "p"}) ==
        "--format \"xml\": expected json|text|isolate|playground");
  CHECK(message({"--env", "A", "p"}).starts_with("--env \"A\": expected NAME=VALUE"));
  CHECK(message({"--env", "=A", "p"}).starts_with("--env"));
  CHECK(message({"--env-pass", "A=b", "p"}).starts_with("--env-pass"));
  CHECK(parsed({"--result", "fd:7", "p"}).result_destination == "fd:7");
  CHECK(descriptor_of("fd:7") == 7);
  CHECK_FALSE(descriptor_of("file"));
  for (const char* bad : {"fd:", "fd:x", "fd:-1", "fd:99999999999", "fd:1 "}) {
    CHECK(message({"--result", bad, "p"}).starts_with("--result"));
  }
}

TEST_CASE("options: streams") {
  using policy::InputKind;
  using policy::OutputKind;
  policy::Stdio stdio = parsed({"p"}).steps.front().request.stdio;
  CHECK(stdio.input == InputKind::caller);
  CHECK(stdio.output == OutputKind::capture);
  CHECK(stdio.error == OutputKind::capture);

  stdio = parsed({"--stdin", "null", "--stdout", "o", "--stderr", "e", "p"})
              .steps.front()
              .request.stdio;
  CHECK(stdio.input == InputKind::null);
  CHECK(stdio.output == OutputKind::file);
  CHECK(stdio.output_path == "o");
  CHECK(stdio.error == OutputKind::file);
  CHECK(stdio.error_path == "e");
  CHECK_FALSE(stdio.error_to_output);

  stdio = parsed({"--stdin", "./null", "--stderr", "stdout", "p"}).steps.front().request.stdio;
  CHECK(stdio.input == InputKind::file);
  CHECK(stdio.error_to_output);
  CHECK(stdio.error == OutputKind::capture);
}

TEST_CASE("options: pass shows output as it comes and takes no input") {
  using policy::InputKind;
  using policy::OutputKind;
  const RunOptions options = parsed({"--pass", "p"});
  CHECK(options.pass);
  CHECK(options.steps.front().request.stdio.input == InputKind::null);
  CHECK(options.steps.front().request.stdio.output == OutputKind::pass);
  CHECK(options.steps.front().request.stdio.error == OutputKind::pass);
  CHECK(texts_of(options, "limits.output") == Words{"none"});
  CHECK(texts_of(parsed({"--pass", "--output", "1M", "p"}), "limits.output") == Words{"1M"});
  CHECK(parsed({"--pass", "--stdin", "-", "p"}).steps.front().request.stdio.input ==
        InputKind::caller);
  const policy::Stdio mixed = parsed({"--pass", "--stdout", "o", "p"}).steps.front().request.stdio;
  CHECK(mixed.output == OutputKind::file);
  CHECK(mixed.error == OutputKind::pass);
}

TEST_CASE("options: the command line wins over the environment") {
  const Caller caller{"/home/caller", "python"};
  Result<RunOptions> options = parse({"p"}, caller);
  REQUIRE(options);
  CHECK(options->steps.front().request.profile == "python");
  CHECK(options->steps.front().request.caller_directory == "/home/caller");
  options = parse({"--profile", "go", "p"}, caller);
  REQUIRE(options);
  CHECK(options->steps.front().request.profile == "go");
  CHECK(parsed({"p"}).steps.front().request.profile == "default");
}

TEST_CASE("options: every key is one of the schema") {
  for (const OptionEntry& option : run_options()) {
    if (!option.key.empty()) {
      const policy::Key* const key = policy::find_key(option.key);
      REQUIRE_MESSAGE(key != nullptr, option.key);
      CHECK((key->from_text != nullptr));
      // environment.set is a table: each use of --env adds a name.
      CHECK((key->is_list == option.repeatable || option.key == "environment.set"));
    }
  }
}

TEST_CASE("options: help lists every option once") {
  std::set<std::string_view> names;
  const std::string help = command_help(*find_command("run"));
  for (const OptionEntry& option : run_options()) {
    CHECK_MESSAGE(names.insert(option.name).second, option.name);
    CHECK_MESSAGE(help.find("  " + std::string(option.name) + " ") != std::string::npos,
                  option.name);
  }
  CHECK(help.find("--version") != std::string::npos);
}

TEST_CASE("options: help fits 80 columns and has one line for each option") {
  std::vector<std::string> texts = {program_help()};
  for (const CommandEntry& command : all_commands()) {
    texts.push_back(command_help(command));
  }
  for (const std::string& text : texts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      CHECK_MESSAGE(line.size() <= 80, line);
      // A line that ends before the column of explanations: the name was too long for one line.
      CHECK_MESSAGE((!line.starts_with("  --") || line.size() > 34), line);
    }
  }
}

TEST_CASE("options: help has a line of usage for each form of a command") {
  const std::string help = command_help(*find_command("profile"));
  CHECK(help.starts_with("Usage: sandbox profile list\n       sandbox profile show NAME|FILE\n"));
  CHECK(command_help(*find_command("run")).starts_with("Usage: sandbox run [OPTION...] [--] "));
}

TEST_CASE("options: help shows what the profile default says") {
  const std::string help = command_help(*find_command("run"));
  for (const char* const shown :
       {"RAM, files in memory included (512 MiB)", "processes and threads at one time (256)",
        "time by the clock (none)", "which network there is (loopback)", "what / is made of (host)",
        "open files of each process (1024)"}) {
    CHECK_MESSAGE(help.find(shown) != std::string::npos, shown);
  }
}

TEST_CASE("options: the man page has each option once and no other") {
  std::ifstream page(SANDBOX_SOURCE_DIR "/man/sandbox.1");
  REQUIRE(page);
  std::multiset<std::string> in_page;
  const std::string opening = ".It Fl -";
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(opening)) {
      const std::size_t end = line.find(' ', opening.size());
      in_page.insert("--" + line.substr(opening.size(), end - opening.size()));
    }
  }
  std::multiset<std::string> in_table;
  std::vector<std::span<const OptionEntry>> tables = {common_options()};
  for (const CommandEntry& command : all_commands()) {
    tables.push_back(command.options);
  }
  for (const std::span<const OptionEntry> table : tables) {
    for (const OptionEntry& option : table) {
      in_table.insert(std::string(option.name));
    }
  }
  CHECK((in_page == in_table));
}

TEST_CASE("options: the page of profiles names each option at its key") {
  std::ifstream page(SANDBOX_SOURCE_DIR "/man/sandbox-profile.5");
  REQUIRE(page);
  std::set<std::string> in_page;
  std::string line;
  for (std::string key; std::getline(page, line); key = line) {
    const std::string opening = ".It Va ";
    if (key.starts_with(opening) && line.starts_with(".Pq Fl -")) {
      in_page.insert("--" + line.substr(8, line.find(' ', 8) - 8) + " " +
                     key.substr(opening.size()));
    }
  }
  std::set<std::string> in_table;
  for (const OptionEntry& option : run_options()) {
    if (!option.key.empty()) {
      in_table.insert(std::string(option.name) + " " + std::string(option.key));
    }
  }
  CHECK((in_page == in_table));
}
