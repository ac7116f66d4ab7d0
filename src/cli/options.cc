#include "cli/options.h"

#include <array>
#include <limits>

#include <fmt/core.h>

#include "base/units.h"
#include "cli/option_table.h"
#include "cli/request_input.h"
#include "policy/words.h"

namespace sb::cli {
namespace {

Error bad_value(std::string_view option, std::string_view value, std::string_view expected) {
  return Error(Tag::usage,
               fmt::format("{} {}: expected {}", option, policy::in_quotes(value), expected));
}

template <class T>
struct Choice {
  std::string_view word;
  T value;
};

// The value of an option that takes one of a few words; `otherwise` where it was not given.
template <class T, std::size_t n>
Result<T> choose(const ParsedArguments& parsed, std::string_view option,
                 const std::array<Choice<T>, n>& choices, T otherwise) {
  if (!parsed.has(option)) {
    return otherwise;
  }
  const std::string value = parsed.value_of(option);
  for (const Choice<T>& choice : choices) {
    if (choice.word == value) {
      return choice.value;
    }
  }
  return bad_value(option, value, find_option(run_options(), option)->value_name);
}

Result<Done> check_variables(const ParsedArguments& parsed) {
  for (const auto& [option, values] : parsed.options) {
    for (const std::string& value : values) {
      const std::size_t equals = value.find('=');
      if (option == "--env" && (equals == 0 || equals == std::string::npos)) {
        return bad_value(option, value, "NAME=VALUE (--env-pass NAME passes the caller's value)");
      }
      if (option == "--env-pass" && equals != std::string::npos) {
        return bad_value(option, value, "NAME (--env NAME=VALUE sets a value)");
      }
    }
  }
  return Done{};
}

// Every option that is a key of the schema; the policy reads its text.
void collect_overrides(const ParsedArguments& parsed, policy::Request& request) {
  for (const OptionEntry& option : run_options()) {
    if (option.key.empty() || !parsed.has(option.name)) {
      continue;
    }
    const std::vector<std::string>& values = parsed.options.at(option.name);
    for (std::size_t i = option.repeatable ? 0 : values.size() - 1; i < values.size(); ++i) {
      const std::string& text = option.value_name.empty() ? "true" : values[i];
      request.overrides.push_back({std::string(option.key), text, std::string(option.name)});
    }
  }
}

using Document = policy::RequestDocument;

// Where a stream goes: what the option says, else the request, else `otherwise`.
policy::OutputKind set_output(const ParsedArguments& parsed, std::string_view option,
                              const policy::RequestOutput& asked, policy::OutputKind otherwise,
                              std::string& path) {
  path = parsed.value_of(option, asked.path);
  return path.empty() ? otherwise : policy::OutputKind::file;
}

void set_input(const ParsedArguments& parsed, const Document& document, bool pass,
               policy::Stdio& stdio) {
  using policy::InputKind;
  if (!parsed.has("--stdin") && document.input) {
    stdio.input = document.input->kind;
    stdio.input_path = document.input->path;
    stdio.input_bytes = document.input->bytes;
    return;
  }
  // Why: stdin has held the request or the program, and nothing else is to come.
  const bool used = parsed.value_of("--request") == "-" || parsed.value_of("--program") == "-";
  const std::string input = parsed.value_of("--stdin", pass || used ? "null" : "-");
  stdio.input = input == "-"      ? InputKind::caller
                : input == "null" ? InputKind::null
                                  : InputKind::file;
  stdio.input_path = stdio.input == InputKind::file ? input : "";
}

void set_streams(const ParsedArguments& parsed, const Document& document, bool pass,
                 policy::Stdio& stdio) {
  using policy::OutputKind;
  set_input(parsed, document, pass, stdio);
  const OutputKind otherwise = pass ? OutputKind::pass : OutputKind::capture;
  stdio.output = set_output(parsed, "--stdout", document.output, otherwise, stdio.output_path);
  const bool has_option = parsed.has("--stderr");
  if (has_option ? parsed.value_of("--stderr") == "stdout" : document.error.to_stdout) {
    stdio.error_to_output = true;
    stdio.error = stdio.output;
    stdio.error_path = stdio.output_path;
    return;
  }
  stdio.error = set_output(parsed, "--stderr", document.error, otherwise, stdio.error_path);
}

// The program: that of the command line, else the request's.
Result<Done> set_command(const ParsedArguments& parsed, Document& document, RunOptions& options,
                         policy::Request& request) {
  const std::vector<std::string>& words = parsed.rest;
  if (parsed.has("--program")) {
    const std::string source = parsed.value_of("--program");
    request.program = TRY(read_given_program(source));
    if (source == "-") {
      options.stdin_program = request.program;
    }
    request.command = {"program"};
    request.command.insert(request.command.end(), words.begin(), words.end());
  } else if (words.empty()) {
    policy::take_program(document, request);
  } else {
    request.command = words;
  }
  if (request.command.empty()) {
    return Error(Tag::usage, "no program given: sandbox run [OPTION...] [--] PROGRAM [ARG...]");
  }
  if (request.command.front().empty()) {
    return Error(Tag::usage, "the program's name is empty");
  }
  return Done{};
}

// At most one of what can be read from stdin is.
Result<Done> check_stdin(const ParsedArguments& parsed) {
  std::string_view holder;
  for (const std::string_view option : {"--request", "--program", "--stdin"}) {
    if (parsed.value_of(option) != "-") {
      continue;
    }
    if (!holder.empty()) {
      return Error(Tag::usage, fmt::format("{} -: stdin holds the {}", option, holder.substr(2)));
    }
    holder = option;
  }
  return Done{};
}

// Whether several programs run: a program of the command line is the only one, as it is the one of
// a request.
bool has_steps(const ParsedArguments& parsed, const Document& document) {
  return !document.steps.empty() && parsed.rest.empty() && !parsed.has("--program");
}

// Of the program's options the build has those that say what there is, and none of its limits.
policy::StepRequest build_step(const ParsedArguments& parsed, const policy::Request& common) {
  policy::Request request = common;
  request.profile = parsed.value_of("--build-profile", "compile");
  std::erase_if(request.overrides, [](const policy::Override& given) {
    return given.key == "files.get" ||
           (!given.key.starts_with("files.") && !given.key.starts_with("environment."));
  });
  request.command = {"/bin/sh", "-c", parsed.value_of("--build")};
  return {"build", parsed.has("--build-cache"), std::move(request)};
}

// --build: two steps, in a copy of the caller's directory where --workspace says nothing else.
Result<Done> set_build(const ParsedArguments& parsed, Document& document, policy::Request common,
                       RunOptions& options) {
  if (parsed.has("--request")) {
    return Error(Tag::usage, "--build: a request has \"steps\" for that");
  }
  if (!parsed.has("--workspace")) {
    common.overrides.push_back({"files.workspace", "cow", "--build"});
  }
  common.is_step = true;
  options.steps.push_back(build_step(parsed, common));
  // Why: what is put in is the build's to change.
  std::erase_if(common.overrides,
                [](const policy::Override& given) { return given.key == "files.put"; });
  policy::Stdio& stdio = options.steps.back().request.stdio;
  stdio.input = policy::InputKind::null;
  stdio.output = options.pass ? policy::OutputKind::pass : policy::OutputKind::capture;
  stdio.error = stdio.output;
  set_streams(parsed, document, options.pass, common.stdio);
  CHECK(set_command(parsed, document, options, common));
  options.steps.push_back({"run", false, std::move(common)});
  return Done{};
}

// Options are meant for all steps, but those of streams for the last.
Result<Done> set_steps(const ParsedArguments& parsed, Document& document,
                       const policy::Request& common, RunOptions& options) {
  options.steps = policy::requests_of_steps(document, common);
  const ParsedArguments none;
  for (std::size_t i = 0; i < options.steps.size(); ++i) {
    const bool last = i + 1 == options.steps.size();
    Document& step = document.steps[i];
    if (!last && !step.input) {
      step.input = policy::RequestInput{policy::InputKind::null, "", nullptr};
    }
    set_streams(last ? parsed : none, step, options.pass, options.steps[i].request.stdio);
  }
  return Done{};
}

// What runs: one program, or several.
Result<Done> set_programs(const ParsedArguments& parsed, Document& document, policy::Request common,
                          RunOptions& options) {
  if (parsed.has("--build")) {
    return set_build(parsed, document, std::move(common), options);
  }
  for (const char* option : {"--build-profile", "--build-cache"}) {
    if (parsed.has(option)) {
      return Error(Tag::usage, fmt::format("{}: there is no --build", option));
    }
  }
  if (has_steps(parsed, document)) {
    return set_steps(parsed, document, common, options);
  }
  set_streams(parsed, document, options.pass, common.stdio);
  CHECK(set_command(parsed, document, options, common));
  common.keys = std::move(document.keys);
  options.steps.push_back({"", false, std::move(common)});
  return Done{};
}

Result<Document> read_document(const ParsedArguments& parsed, RunOptions& options) {
  if (!parsed.has("--request")) {
    return Document();
  }
  const std::string source = parsed.value_of("--request");
  GivenRequest given = TRY(read_given_request(source));
  if (!given.text.empty()) {
    options.stdin_bytes = std::make_shared<const std::string>(std::move(given.text));
  }
  if (given.document.events && !parsed.has("--events")) {
    return Error(Tag::usage, "the request asks for events: --events FILE or fd:N says where to");
  }
  if (given.document.program_fd || given.document.input_fd) {
    return Error(Tag::usage,
                 "the request refers to a passed descriptor, which only a socket of "
                 "sandbox serve has");
  }
  return std::move(given.document);
}

Result<Done> set_how(const ParsedArguments& parsed, const Document& document, const Caller& caller,
                     policy::Request& request) {
  request.caller_directory = caller.directory;
  // Why: what was written for this one run is meant more than a variable of the surroundings.
  request.profile = parsed.value_of(
      "--profile", document.profile.value_or(caller.profile.value_or(request.profile)));
  request.best_effort = parsed.has("--best-effort");
  request.cgroup_parent =
      parsed.value_of("--cgroup-parent", caller.cgroup_parent.value_or(std::string()));
  request.userns = TRY(read_userns(parsed));
  if (parsed.has("--grace")) {
    const std::string text = parsed.value_of("--grace");
    const std::optional<std::uint64_t> grace_ns = parse_duration_ns(text);
    if (!grace_ns) {
      return bad_value("--grace", text, "a duration such as 2s or 500ms");
    }
    request.grace_ns = *grace_ns;
  }
  return Done{};
}

Result<Done> set_result(const ParsedArguments& parsed, RunOptions& options) {
  constexpr std::array formats = {
      Choice<Format>{"json", Format::json},
      Choice<Format>{"text", Format::text},
      Choice<Format>{"isolate", Format::isolate},
      Choice<Format>{"playground", Format::playground},
  };
  options.format = TRY(choose(parsed, "--format", formats, options.format));
  options.exit_zero = parsed.has("--exit-zero");
  options.result_destination = parsed.value_of("--result");
  options.events_destination = parsed.value_of("--events");
  for (const char* option : {"--result", "--events"}) {
    const std::string destination = parsed.value_of(option);
    if (destination.starts_with("fd:") && !descriptor_of(destination)) {
      return bad_value(option, destination, "fd:N with the number of an open descriptor");
    }
  }
  return Done{};
}

// Why refused: an answer without the output would say that there was none.
Result<Done> check_captured(const RunOptions& options) {
  using policy::OutputKind;
  const policy::Stdio& stdio = options.steps.back().request.stdio;
  if (options.format == Format::playground &&
      (stdio.output != OutputKind::capture || stdio.error != OutputKind::capture)) {
    return Error(Tag::usage,
                 "--format playground holds what was captured: not with --pass, nor with a file "
                 "for stdout or stderr");
  }
  return Done{};
}

}  // namespace

Result<policy::UsernsChoice> read_userns(const ParsedArguments& parsed) {
  using policy::UsernsChoice;
  constexpr std::array choices = {
      Choice<UsernsChoice>{"auto", UsernsChoice::automatic},
      Choice<UsernsChoice>{"always", UsernsChoice::always},
      Choice<UsernsChoice>{"never", UsernsChoice::never},
  };
  return choose(parsed, "--userns", choices, UsernsChoice::automatic);
}

std::optional<int> descriptor_of(const std::string& destination) {
  if (!destination.starts_with("fd:")) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> number = parse_unsigned(destination.substr(3));
  if (!number || *number > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

Result<RunOptions> parse_run(std::span<const std::string> arguments, const Caller& caller) {
  return read_run_options(TRY(parse_arguments(run_options(), arguments)), caller);
}

Result<RunOptions> read_run_options(ParsedArguments&& parsed, const Caller& caller) {
  RunOptions options;
  options.pass = parsed.has("--pass");
  CHECK(check_variables(parsed));
  CHECK(check_stdin(parsed));
  CHECK(set_result(parsed, options));
  Document document = TRY(read_document(parsed, options));
  policy::Request common;
  CHECK(set_how(parsed, document, caller, common));
  collect_overrides(parsed, common);
  if (options.pass && !parsed.has("--output") && !document.keys.limits.output_bytes) {
    // Why: what is shown as it comes fills no memory of ours (decisions 17).
    common.overrides.push_back({"limits.output", "none", "--pass"});
  }
  CHECK(set_programs(parsed, document, std::move(common), options));
  CHECK(check_captured(options));
  return options;
}

Result<policy::Request> read_how(const ParsedArguments& parsed, const Caller& caller) {
  policy::Request request;
  CHECK(set_how(parsed, Document(), caller, request));
  return request;
}

}  // namespace sb::cli
