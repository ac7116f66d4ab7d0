#include "policy/request_document.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/json_reader.h"
#include "policy/profile_keys.h"
#include "policy/request_values.h"
#include "policy/value_parsers.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

using Kind = ConfigValue::Kind;

constexpr std::string_view schema_name = "sandbox.request/v1";
constexpr std::size_t longest_id = 256;

Result<Done> read_schema(RequestDocument&, const ConfigValue& value, const Place& place) {
  const std::string text = TRY(text_of(value, place));
  return text == schema_name ? Result<Done>(Done{})
                             : bad_value(place, text, in_quotes(schema_name));
}

Result<Done> read_id(RequestDocument& request, const ConfigValue& value, const Place& place) {
  request.id = TRY(text_of(value, place));
  if (request.id.size() > longest_id) {
    return value_error(place, fmt::format("more than {} bytes", longest_id));
  }
  if (request.id.find('\0') != std::string::npos) {
    return bad_value(place, request.id, "free of NUL bytes");
  }
  return Done{};
}

Result<Done> read_profile(RequestDocument& request, const ConfigValue& value, const Place& place) {
  request.profile = TRY(text_of(value, place));
  if (request.profile->empty()) {
    return bad_value(place, *request.profile, "the name or path of a profile");
  }
  return Done{};
}

Result<Done> read_command(RequestDocument& request, const ConfigValue& value, const Place& place) {
  request.command = TRY(texts_of(value, place));
  if (request.command.empty() || request.command.front().empty()) {
    return value_error(place, "the program's name is missing: [\"PROGRAM\", \"ARG\", ...]");
  }
  return Done{};
}

Result<Done> read_program(RequestDocument& request, const ConfigValue& value, const Place& place) {
  if (value.kind == Kind::table) {
    const ConfigValue* fd = nullptr;
    CHECK(take_members(value, place, std::array{Member{"fd", &fd}}));
    if (fd == nullptr) {
      return value_error(place, "a string of base64 or {\"fd\": N} is expected");
    }
    request.program_fd = TRY(descriptor_of(*fd, place));
    return Done{};
  }
  const SharedBytes bytes = TRY(payload_of_base64(value, place));
  if (bytes->empty()) {
    return value_error(place, "an executable is expected");
  }
  request.program = TRY(sys::SealedBytes::make("program", *bytes, Tag::request_unreadable));
  return Done{};
}

Result<Done> read_args(RequestDocument& request, const ConfigValue& value, const Place& place) {
  request.args = TRY(texts_of(value, place));
  return Done{};
}

Result<Done> read_directory(RequestDocument& request, const ConfigValue& value,
                            const Place& place) {
  const std::string text = TRY(text_of(value, place));
  return set_directory(request.keys, text, place);
}

Result<bool> flag_of(const ConfigValue& value, const Place& place) {
  const std::optional<bool> flag = parse_bool(value.text);
  return value.kind == Kind::scalar && flag ? Result<bool>(*flag)
                                            : value_error(place, "true or false is expected");
}

Result<Done> read_events(RequestDocument& request, const ConfigValue& value, const Place& place) {
  request.events = TRY(flag_of(value, place));
  return Done{};
}

Result<Done> read_cache(RequestDocument& step, const ConfigValue& value, const Place& place) {
  step.cache = TRY(flag_of(value, place));
  return Done{};
}

Result<Done> read_name(RequestDocument& step, const ConfigValue& value, const Place& place) {
  step.name = TRY(text_of(value, place));
  return step.name.empty() || step.name.size() > longest_id
             ? Result<Done>(
                   value_error(place, fmt::format("1 to {} bytes are expected", longest_id)))
             : Done{};
}

Result<Done> read_steps(RequestDocument& request, const ConfigValue& value, const Place& place);

constexpr auto keys = std::to_array<RequestKey>({
    {"schema", "names the format: sandbox.request/v1", read_schema, KeyPlace::request},
    {"id", "what the caller calls this request", read_id, KeyPlace::request},
    {"profile", "the profile: a built-in name, or the path of a file", read_profile},
    {"command", "the program and its arguments", read_command},
    {"program", "in the place of command: an executable file's bytes in base64, or {\"fd\": N}",
     read_program},
    {"args", "the arguments of program", read_args},
    {"directory", "the directory inside to start in: files.directory", read_directory},
    {"stdin", "a string, {\"base64\": ...}, {\"path\": FILE} or {\"fd\": N}", read_stdin},
    {"stdout", "{\"path\": FILE}: write stdout there, not to the result", read_stdout},
    {"stderr", "the same for stderr, or \"stdout\"", read_stderr},
    {"events", "whether to tell events as they happen", read_events, KeyPlace::request},
    {"steps", "in the place of a program: programs that run one after the other", read_steps,
     KeyPlace::request},
    {"name", "what the result calls this step", read_name, KeyPlace::step},
    {"cache", "whether to keep what a step left, and take it again where all is equal", read_cache,
     KeyPlace::step},
});

bool may_stand(const RequestKey& key, KeyPlace place) {
  return key.place == KeyPlace::both || key.place == place;
}

// What holds for every value: nothing is null, and only payloads are long.
Result<Done> check_values(const ConfigValue& value, const std::string& key) {
  const Place place{key, value.origin};
  if (value.kind == Kind::scalar && value.text.empty()) {
    return value_error(place, "null says nothing: leave the key out");
  }
  std::string_view name = key;
  name.remove_prefix(name.starts_with("steps.") ? 6 : 0);
  const bool is_payload = name == "program" || name == "stdin" || name == "stdin.base64";
  if (value.text.size() > longest_string && !is_payload) {
    return value_error(place, fmt::format("more than {} bytes", longest_string));
  }
  for (const ConfigValue& item : value.items) {
    CHECK(check_values(item, key));
  }
  for (const ConfigMember& member : value.members) {
    const std::string inner = key.empty() ? member.key.value : key + "." + member.key.value;
    if (member.key.value.size() > longest_string) {
      return value_error({key, member.key.origin}, "a key this long");
    }
    CHECK(check_values(member.value, inner));
  }
  return Done{};
}

// `prefix`: of a step's members, for messages.
Result<Done> read_member(RequestDocument& request, const ConfigMember& member, KeyPlace where,
                         const std::string& prefix) {
  const Place place{prefix + member.key.value, member.value.origin};
  std::vector<std::string_view> names;
  for (const RequestKey& key : keys) {
    if (!may_stand(key, where)) {
      continue;
    }
    if (key.name == member.key.value) {
      return key.read(request, member.value, place);
    }
    names.push_back(key.name);
  }
  // Why: these keys of a profile's top level have no place in a request.
  if (find_key(member.key.value) != nullptr && !is_section(member.key.value)) {
    return unknown_key_meant({member.key.value, member.key.origin},
                             member.key.value == "extends" ? "profile" : "");
  }
  return apply_member(request.keys, member, names);
}

const ConfigMember* member_of(const ConfigValue& table, std::string_view name) {
  const auto at = std::find_if(table.members.begin(), table.members.end(),
                               [&](const ConfigMember& m) { return m.key.value == name; });
  return at != table.members.end() ? &*at : nullptr;
}

Result<Done> check_steps(const ConfigValue& document) {
  if (member_of(document, "steps") == nullptr) {
    return Done{};
  }
  for (const char* name : {"command", "program", "args"}) {
    if (const ConfigMember* const member = member_of(document, name)) {
      return value_error({member->key.value, member->key.origin},
                         "steps are there, too: each has its own");
    }
  }
  return Done{};
}

// Members that exclude or need each other.
Result<Done> check_whole(const ConfigValue& document) {
  CHECK(check_steps(document));
  const auto complain = [](const ConfigMember& member, std::string_view what) {
    return value_error({member.key.value, member.key.origin}, what);
  };
  const ConfigMember* program = member_of(document, "program");
  if (program != nullptr && member_of(document, "command") != nullptr) {
    return complain(*program, "command is there, too: give one of them");
  }
  const ConfigMember* args = member_of(document, "args");
  if (args != nullptr && program == nullptr) {
    return complain(*args, "they go with program; those of command stand in command itself");
  }
  const ConfigMember* directory = member_of(document, "directory");
  const ConfigMember* files = member_of(document, "files");
  if (directory != nullptr && files != nullptr && member_of(files->value, "directory") != nullptr) {
    return complain(*directory, "files.directory is there, too: give one of them");
  }
  return Done{};
}

Result<RequestDocument> read_step(const ConfigValue& value, const Place& place) {
  RequestDocument step;
  for (const ConfigMember& member : value.members) {
    CHECK(read_member(step, member, KeyPlace::step, place.key + "."));
  }
  CHECK(check_whole(value));
  if (step.program_fd || step.input_fd) {
    return value_error(place,
                       "a passed descriptor is no step's; the request's own stdin may be one");
  }
  if (step.command.empty() && step.program == nullptr) {
    return value_error(place, "no program given: command or program is missing");
  }
  return step;
}

Result<Done> read_steps(RequestDocument& request, const ConfigValue& value, const Place& place) {
  if (value.kind != Kind::list || value.items.empty() || value.items.size() > most_steps) {
    return value_error(place, fmt::format("a list of 1 to {} objects is expected", most_steps));
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const Place item{fmt::format("{}[{}]", place.key, i), value.items[i].origin};
    if (value.items[i].kind != Kind::table) {
      return value_error(item, "an object is expected: {\"command\": [...], ...}");
    }
    RequestDocument step = TRY(read_step(value.items[i], item));
    if (step.name.empty()) {
      step.name = fmt::format("{}", i + 1);
    }
    request.steps.push_back(std::move(step));
  }
  return Done{};
}

// What the request itself says of streams is meant for its last step.
void give_streams(RequestDocument& request) {
  RequestDocument& last = request.steps.back();
  if (!last.input) {
    last.input = std::exchange(request.input, std::nullopt);
    last.input_fd = std::exchange(request.input_fd, std::nullopt);
  }
  if (last.output.path.empty()) {
    last.output = request.output;
  }
  if (last.error.path.empty() && !last.error.to_stdout) {
    last.error = request.error;
  }
}

}  // namespace

std::span<const RequestKey> request_keys() { return keys; }

Result<RequestDocument> read_request(std::string_view text, const std::string& source) {
  const Origin start{.source = source, .line = 1, .column = 1, .of_request = true};
  if (text.size() > longest_request) {
    return Error(Tag::request_syntax,
                 fmt::format("{}: a request has at most {} bytes", source, longest_request));
  }
  const ConfigValue document = TRY(read_json(text, start));
  if (document.kind != Kind::table) {
    return Error(Tag::request_syntax,
                 fmt::format("{}: a request is an object: {{...}}", document.origin.to_string()));
  }
  CHECK(check_values(document, ""));
  RequestDocument request;
  for (const ConfigMember& member : document.members) {
    CHECK(read_member(request, member, KeyPlace::request, ""));
  }
  CHECK(check_whole(document));
  if (!request.steps.empty()) {
    give_streams(request);
  }
  return request;
}

Result<SharedProgram> program_of(sys::ReadResult read, std::string_view from) {
  if (read.err == 0 && (read.data.empty() || read.data.size() > longest_payload)) {
    read.err = read.data.empty() ? ENOEXEC : EFBIG;
  }
  if (read.err != 0) {
    return Error(Tag::request_unreadable, fmt::format("reading the program from {}", from),
                 read.err);
  }
  return sys::SealedBytes::make("program", read.data, Tag::request_unreadable);
}

void take_program(RequestDocument& document, Request& request) {
  if (document.program == nullptr) {
    request.command = std::move(document.command);
    return;
  }
  request.program = std::move(document.program);
  request.command = {"program"};
  request.command.insert(request.command.end(), document.args.begin(), document.args.end());
}

std::vector<StepRequest> requests_of_steps(RequestDocument& document, const Request& common) {
  std::vector<StepRequest> steps;
  for (RequestDocument& step : document.steps) {
    Request request = common;
    request.profile = step.profile.value_or(common.profile);
    request.keys = document.keys;
    // Why: what is put in once is the steps' to change, and what is to come out is there at the
    // end.
    if (!steps.empty()) {
      request.keys.files.put.clear();
    }
    if (steps.size() + 1 != document.steps.size()) {
      request.keys.files.get.clear();
    }
    merge_profile(request.keys, std::move(step.keys));
    take_program(step, request);
    request.is_step = true;
    steps.push_back({step.name, step.cache, std::move(request)});
  }
  return steps;
}

}  // namespace sb::policy
