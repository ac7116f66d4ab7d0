#include "policy/request_document.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "base/base64.h"
#include "base/units.h"
#include "policy/json_reader.h"
#include "policy/profile_keys.h"
#include "policy/value_parsers.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

using Kind = ConfigValue::Kind;

constexpr std::string_view schema_name = "sandbox.request/v1";
// Kernel: MAX_ARG_STRLEN with its final NUL; no path, argument or variable can be longer.
constexpr std::size_t longest_string = 131'071;
constexpr std::size_t longest_id = 256;

Result<std::string> text_of(const ConfigValue& value, const Place& place) {
  if (value.kind != Kind::string) {
    return value_error(place, "a string is expected");
  }
  if (value.text.find('\0') != std::string::npos) {
    return bad_value(place, value.text, "free of NUL bytes");
  }
  return value.text;
}

Result<std::vector<std::string>> texts_of(const ConfigValue& value, const Place& place) {
  if (value.kind != Kind::list) {
    return value_error(place, "a list of strings is expected");
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const ConfigValue& item = value.items[i];
    texts.push_back(TRY(text_of(item, {fmt::format("{}[{}]", place.key, i), item.origin})));
  }
  return texts;
}

Result<SharedBytes> payload(std::string bytes, const Place& place) {
  if (bytes.size() > longest_payload) {
    return value_error(place, fmt::format("more than {} bytes", longest_payload));
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

Result<SharedBytes> payload_of_base64(const ConfigValue& value, const Place& place) {
  if (value.kind != Kind::string) {
    return value_error(place, "a string of base64 is expected");
  }
  std::optional<std::string> bytes = decode_base64(value.text);
  if (!bytes) {
    return bad_value(place, value.text, "base64: A-Z a-z 0-9 + /, padded with =, and nothing else");
  }
  return payload(*std::move(bytes), place);
}

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

// The number of {"fd": N}, which must be all of the table.
Result<std::size_t> descriptor_of(const ConfigValue& value, const Place& place) {
  const Place member{place.key + ".fd", value.origin};
  const std::optional<std::uint64_t> number = parse_unsigned(value.text);
  if (value.kind != Kind::scalar || !number || *number >= most_passed) {
    return value_error(member, fmt::format("0 to {} is expected: which of the passed descriptors",
                                           most_passed - 1));
  }
  return static_cast<std::size_t>(*number);
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
  request.program = TRY(payload_of_base64(value, place));
  return request.program->empty() ? Result<Done>(value_error(place, "an executable is expected"))
                                  : Done{};
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

// The path of { "path": FILE }, which must be all of the table.
Result<std::string> path_of(const ConfigValue& value, const Place& place) {
  const Place member{place.key + ".path", value.origin};
  const std::string path = TRY(text_of(value, member));
  return path.empty() ? Result<std::string>(bad_value(member, path, "the path of a file")) : path;
}

Result<Done> read_stdin(RequestDocument& request, const ConfigValue& value, const Place& place) {
  if (value.kind == Kind::string) {
    request.input = RequestInput{InputKind::bytes, "", TRY(payload(value.text, place))};
    return Done{};
  }
  constexpr std::string_view form =
      "a string, {\"base64\": ...}, {\"path\": FILE} or {\"fd\": N} is expected";
  if (value.kind != Kind::table) {
    return value_error(place, form);
  }
  const ConfigValue* base64 = nullptr;
  const ConfigValue* path = nullptr;
  const ConfigValue* fd = nullptr;
  CHECK(take_members(
      value, place,
      std::array{Member{"base64", &base64}, Member{"path", &path}, Member{"fd", &fd}}));
  if ((base64 != nullptr) + (path != nullptr) + (fd != nullptr) != 1) {
    return value_error(place, form);
  }
  if (fd != nullptr) {
    request.input_fd = TRY(descriptor_of(*fd, place));
  } else if (base64 != nullptr) {
    request.input =
        RequestInput{InputKind::bytes, "",
                     TRY(payload_of_base64(*base64, {place.key + ".base64", base64->origin}))};
  } else {
    request.input = RequestInput{InputKind::file, TRY(path_of(*path, place)), nullptr};
  }
  return Done{};
}

Result<std::string> read_destination(const ConfigValue& value, const Place& place,
                                     std::string_view form) {
  if (value.kind != Kind::table) {
    return value_error(place, form);
  }
  const ConfigValue* path = nullptr;
  CHECK(take_members(value, place, std::array{Member{"path", &path}}));
  return path == nullptr ? Result<std::string>(value_error(place, form)) : path_of(*path, place);
}

Result<Done> read_stdout(RequestDocument& request, const ConfigValue& value, const Place& place) {
  request.output.path = TRY(read_destination(value, place, "{\"path\": FILE} is expected"));
  return Done{};
}

Result<Done> read_stderr(RequestDocument& request, const ConfigValue& value, const Place& place) {
  if (value.kind == Kind::string && value.text == "stdout") {
    request.error.to_stdout = true;
    return Done{};
  }
  request.error.path =
      TRY(read_destination(value, place, "\"stdout\" or {\"path\": FILE} is expected"));
  return Done{};
}

Result<Done> read_events(RequestDocument& request, const ConfigValue& value, const Place& place) {
  const std::optional<bool> events = parse_bool(value.text);
  if (value.kind != Kind::scalar || !events) {
    return value_error(place, "true or false is expected");
  }
  request.events = *events;
  return Done{};
}

constexpr auto keys = std::to_array<RequestKey>({
    {"schema", "names the format: sandbox.request/v1", read_schema},
    {"id", "what the caller calls this request", read_id},
    {"profile", "the profile: a built-in name, or the path of a file", read_profile},
    {"command", "the program and its arguments", read_command},
    {"program", "in the place of command: an executable file's bytes in base64, or {\"fd\": N}",
     read_program},
    {"args", "the arguments of program", read_args},
    {"directory", "the directory inside to start in: files.directory", read_directory},
    {"stdin", "a string, {\"base64\": ...}, {\"path\": FILE} or {\"fd\": N}", read_stdin},
    {"stdout", "{\"path\": FILE}: write stdout there, not to the result", read_stdout},
    {"stderr", "the same for stderr, or \"stdout\"", read_stderr},
    {"events", "whether to tell events as they happen", read_events},
});

constexpr auto names = [] {
  std::array<std::string_view, keys.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = keys[i].name;
  }
  return all;
}();

// What holds for every value: nothing is null, and only payloads are long.
Result<Done> check_values(const ConfigValue& value, const std::string& key) {
  const Place place{key, value.origin};
  if (value.kind == Kind::scalar && value.text.empty()) {
    return value_error(place, "null says nothing: leave the key out");
  }
  const bool is_payload = key == "program" || key == "stdin" || key == "stdin.base64";
  if (value.text.size() > longest_string && !is_payload) {
    return value_error(place, fmt::format("more than {} bytes", longest_string));
  }
  for (const ConfigValue& item : value.items) {
    CHECK(check_values(item, key));
  }
  for (const ConfigMember& member : value.members) {
    const std::string name = key.empty() ? member.key.value : key + "." + member.key.value;
    if (member.key.value.size() > longest_string) {
      return value_error({key, member.key.origin}, "a key this long");
    }
    CHECK(check_values(member.value, name));
  }
  return Done{};
}

Result<Done> read_member(RequestDocument& request, const ConfigMember& member) {
  const Place place{member.key.value, member.value.origin};
  for (const RequestKey& key : keys) {
    if (key.name == member.key.value) {
      return key.read(request, member.value, place);
    }
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

// Members that exclude or need each other.
Result<Done> check_whole(const ConfigValue& document) {
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
    CHECK(read_member(request, member));
  }
  CHECK(check_whole(document));
  return request;
}

Result<SharedBytes> program_of(sys::ReadResult read, std::string_view from) {
  if (read.err == 0 && (read.data.empty() || read.data.size() > longest_payload)) {
    read.err = read.data.empty() ? ENOEXEC : EFBIG;
  }
  if (read.err != 0) {
    return Error(Tag::request_unreadable, fmt::format("reading the program from {}", from),
                 read.err);
  }
  return std::make_shared<const std::string>(std::move(read.data));
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

}  // namespace sb::policy
