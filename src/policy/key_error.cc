#include "policy/key_error.h"

#include <algorithm>

#include <fmt/core.h>

#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"
#include "policy/words.h"

namespace sb::policy {

std::string Origin::to_string() const {
  return line == 0 ? source : fmt::format("{}:{}:{}", source, line, column);
}

namespace {

// Options are called by their name; a document without positions has lines of 0, too.
bool is_option(const Origin& origin) { return origin.line == 0 && origin.source.starts_with('-'); }

// What is wrong may be the key as well, which no table knows yet.
std::string shown_key(const std::string& key) {
  constexpr std::size_t longest = 200;
  const bool plain = key.size() <= longest && std::all_of(key.begin(), key.end(), [](char c) {
                       return c > ' ' && c <= '~';
                     });
  return plain ? key : in_quotes(key);
}

}  // namespace

Error value_error(const Place& place, std::string_view what) {
  if (is_option(place.origin)) {
    return {Tag::usage, fmt::format("{}: {}", place.origin.to_string(), what)};
  }
  const Tag tag = place.origin.of_request ? Tag::request_value : Tag::profile_value;
  return {tag, fmt::format("{}: {}: {}", place.origin.to_string(), shown_key(place.key), what)};
}

Error bad_value(const Place& place, std::string_view text, std::string_view form) {
  return value_error(place, fmt::format("{} is not {}", in_quotes(text), form));
}

Error unknown_key(const Place& place, std::span<const std::string_view> known) {
  return unknown_key_meant(place, nearest(place.key, known));
}

Error unknown_key_meant(const Place& place, std::string_view meant) {
  const std::string hint =
      meant.empty() ? std::string() : fmt::format("; did you mean {}?", in_quotes(meant));
  const Tag tag = is_option(place.origin)   ? Tag::usage
                  : place.origin.of_request ? Tag::request_unknown_key
                                            : Tag::profile_unknown_key;
  return {tag,
          fmt::format("{}: no key {}{}", place.origin.to_string(), in_quotes(place.key), hint)};
}

Error unknown_syscall(const Place& place, std::string_view name) {
  const bool group = name.starts_with('@');
  const std::string hint = is_foreign_name(name)
                               ? std::string(" on x86-64; other architectures have it")
                               : did_you_mean(name, group ? group_names() : syscall_names());
  return {Tag::profile_unknown_syscall,
          fmt::format("{}: no {} {}{}", place.origin.to_string(),
                      group ? "group of system calls" : "system call", in_quotes(name), hint)};
}

}  // namespace sb::policy
