#include "policy/request_values.h"

#include <array>

#include <fmt/core.h>

#include "base/base64.h"
#include "base/units.h"
#include "policy/profile_keys.h"

namespace sb::policy {
namespace {

using Kind = ConfigValue::Kind;

Result<SharedBytes> payload(std::string bytes, const Place& place) {
  if (bytes.size() > longest_payload) {
    return value_error(place, fmt::format("more than {} bytes", longest_payload));
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

// The path of { "path": FILE }, which must be all of the table.
Result<std::string> path_of(const ConfigValue& value, const Place& place) {
  const Place member{place.key + ".path", value.origin};
  const std::string path = TRY(text_of(value, member));
  return path.empty() ? Result<std::string>(bad_value(member, path, "the path of a file")) : path;
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

}  // namespace

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

Result<std::size_t> descriptor_of(const ConfigValue& value, const Place& place) {
  const Place member{place.key + ".fd", value.origin};
  const std::optional<std::uint64_t> number = parse_unsigned(value.text);
  if (value.kind != Kind::scalar || !number || *number >= most_passed) {
    return value_error(member, fmt::format("0 to {} is expected: which of the passed descriptors",
                                           most_passed - 1));
  }
  return static_cast<std::size_t>(*number);
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

}  // namespace sb::policy
