#include "server/message.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>

#include <fmt/core.h>

#include "policy/json_reader.h"
#include "policy/key_error.h"
#include "policy/profile_keys.h"
#include "policy/request_document.h"
#include "policy/words.h"
#include "result/outcome.h"
#include "server/raw_object.h"

namespace sb::server {
namespace {

using policy::ConfigValue;
using policy::Place;

constexpr std::string_view source = "request";
// Limit: of a line that is no request; an id is at most 256 bytes.
constexpr std::size_t longest_op = 4096;

const policy::Origin start{
    .source = std::string(source), .line = 1, .column = 1, .of_request = true};

// What may differ between two runs in sandboxes made alike.
constexpr std::array of_one_run = {
    std::string_view("schema"),  std::string_view("id"),     std::string_view("command"),
    std::string_view("program"), std::string_view("args"),   std::string_view("stdin"),
    std::string_view("stdout"),  std::string_view("events"),
};

std::size_t alike(const std::vector<RawMember>& members) {
  std::string rest;
  for (const RawMember& member : members) {
    const bool varies =
        std::find(of_one_run.begin(), of_one_run.end(), member.key) != of_one_run.end();
    rest += member.key;
    if (!varies) {
      rest += member.value;
    }
    rest += '\n';
  }
  return std::hash<std::string>()(rest);
}

// The text of a raw string that is short; nullopt for anything else.
std::optional<std::string> short_text(const RawMember* member) {
  if (member == nullptr || member->value.size() > longest_op || !member->value.starts_with('"')) {
    return std::nullopt;
  }
  const Result<ConfigValue> value = policy::read_json(member->value, start);
  return value && value->kind == ConfigValue::Kind::string ? std::optional(value->text)
                                                           : std::nullopt;
}

// How many descriptors a member refers to: {"fd": N} is the one after N others.
Result<std::size_t> descriptors_of(const RawMember* member) {
  if (member == nullptr || !member->value.starts_with('{') || member->value.size() > longest_op) {
    return std::size_t{0};
  }
  const auto members = raw_members(member->value);
  const RawMember* const fd = members ? find_member(*members, "fd") : nullptr;
  if (fd == nullptr) {
    return std::size_t{0};
  }
  if (fd->value.size() != 1 || fd->value.front() < '0' || fd->value.front() > '9') {
    return policy::value_error({fmt::format("{}.fd", member->key), start},
                               "0 to 9 is expected: which of the passed descriptors");
  }
  return static_cast<std::size_t>(fd->value.front() - '0') + 1;
}

Result<int> signal_of(const ConfigValue& value, const Place& place) {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH}) {
    const std::string name = result::signal_name(number);
    if (value.text == name || value.text == name.substr(3)) {
      return number;
    }
  }
  return policy::bad_value(place, value.text, "HUP, INT, QUIT, TERM, USR1, USR2 or WINCH");
}

Result<Op> op_of(const ConfigValue& value, const Place& place) {
  struct Name {
    std::string_view name;
    Op op;
  };
  constexpr std::array names = {Name{"cancel", Op::cancel}, Name{"signal", Op::signal},
                                Name{"stats", Op::stats}, Name{"ping", Op::ping}};
  for (const Name& known : names) {
    if (value.text == known.name) {
      return known.op;
    }
  }
  constexpr std::array words = {std::string_view("cancel"), std::string_view("signal"),
                                std::string_view("stats"), std::string_view("ping")};
  return Error(Tag::request_value,
               fmt::format("{}: {} {}: expected cancel, signal, stats or ping{}",
                           place.origin.to_string(), place.key, policy::in_quotes(value.text),
                           policy::did_you_mean(value.text, words)));
}

Result<Message> read_op(std::string_view line) {
  if (line.size() > longest_op) {
    return Error(Tag::request_syntax,
                 fmt::format("{}: an op has at most {} bytes", source, longest_op));
  }
  const ConfigValue document = TRY(policy::read_json(line, start));
  const ConfigValue* op = nullptr;
  const ConfigValue* id = nullptr;
  const ConfigValue* signal = nullptr;
  CHECK(policy::take_members(document, {"", document.origin},
                             std::array{policy::Member{"op", &op}, policy::Member{"id", &id},
                                        policy::Member{"signal", &signal}}));
  for (const auto& [name, value] : {std::pair("op", op), {"id", id}, {"signal", signal}}) {
    if (value != nullptr && value->kind != ConfigValue::Kind::string) {
      return policy::value_error({name, value->origin}, "a string is expected");
    }
  }
  Message message;
  message.op = TRY(op_of(*op, {"op", op->origin}));
  if (id != nullptr) {
    message.id = id->text;
  }
  const bool needs_id = message.op == Op::cancel || message.op == Op::signal;
  if (needs_id && id == nullptr) {
    return policy::value_error({"op", op->origin}, "the id of a request is missing");
  }
  if ((message.op == Op::signal) != (signal != nullptr)) {
    return policy::value_error({"op", op->origin},
                               "signal goes with the op \"signal\", and it with that");
  }
  if (signal != nullptr) {
    message.signal = TRY(signal_of(*signal, {"signal", signal->origin}));
  }
  return message;
}

// Why refused: two spellings of one key would be two keys to who looks at the outermost level only;
// no key there needs an escape.
Result<Done> check_keys(const std::vector<RawMember>& members, std::string_view line) {
  for (const RawMember& member : members) {
    if (member.key.find('\\') != std::string_view::npos) {
      return Error(Tag::request_syntax, fmt::format("{}:1:{}: a key that is written with an escape",
                                                    source, member.key.data() - line.data()));
    }
  }
  return Done{};
}

// Why read whole: the error names the position. Where it is no error after all it is none for the
// one who runs it, either.
Error syntax_error(std::string_view line) {
  const Result<policy::RequestDocument> read = policy::read_request(line, std::string(source));
  return read ? Error(Tag::request_syntax,
                      fmt::format("{}: a request is an object: {{...}}", source))
              : read.error();
}

}  // namespace

Result<Message> read_message(std::string_view line) {
  const std::optional<std::vector<RawMember>> members = raw_members(line);
  if (!members) {
    return syntax_error(line);
  }
  CHECK(check_keys(*members, line));
  if (find_member(*members, "op") != nullptr) {
    return read_op(line);
  }
  Message message;
  message.id = short_text(find_member(*members, "id"));
  // Why here: a NUL ends the id on its way to the worker.
  if (message.id && message.id->find('\0') != std::string::npos) {
    return policy::bad_value({"id", start}, *message.id, "free of NUL bytes");
  }
  const RawMember* const events = find_member(*members, "events");
  message.wants_events = events != nullptr && events->value == "true";
  for (const char* key : {"program", "stdin"}) {
    message.descriptors =
        std::max(message.descriptors, TRY(descriptors_of(find_member(*members, key))));
  }
  message.alike = alike(*members);
  return message;
}

std::optional<std::string> id_of(std::string_view line) {
  const std::optional<std::vector<RawMember>> members = raw_members(line);
  return members ? short_text(find_member(*members, "id")) : std::nullopt;
}

}  // namespace sb::server
