#include "selftest/seen.h"

#include <cstddef>
#include <utility>

#include <fmt/core.h>

#include "base/split.h"
#include "policy/json_reader.h"

namespace sb::selftest {
namespace {

const policy::ConfigValue* child_of(const policy::ConfigValue& value, std::string_view name) {
  for (const policy::ConfigMember& member : value.members) {
    if (member.key.value == name) {
      return &member.value;
    }
  }
  std::size_t index = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') {
      return nullptr;
    }
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < value.items.size() ? &value.items[index] : nullptr;
}

}  // namespace

Seen::Seen(int exit_status, const std::string& document, std::string shown)
    : exit_status_(exit_status), shown_(std::move(shown)) {
  Result<policy::ConfigValue> read = policy::read_json(document, {.source = "the result"});
  if (read) {
    document_ = *std::move(read);
  }
  told_ = text("stdout.data");
  if (told_.empty()) {
    told_ = shown_;
  }
}

std::string Seen::text(std::string_view path) const {
  const policy::ConfigValue* at = document_ ? &*document_ : nullptr;
  for (const std::string& name : split(path, '.')) {
    at = at != nullptr ? child_of(*at, name) : nullptr;
  }
  return at != nullptr && at->is_text() ? at->text : "";
}

std::optional<std::string> Seen::fact(std::string_view key) const {
  for (const std::string& line : split(told_, '\n')) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=') {
      return line.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<Verdict> Seen::did_not_run() const {
  if (!document_) {
    std::string line = shown_.substr(0, shown_.find('\n'));
    return Verdict{State::untried,
                   fmt::format("no result (exit status {}) {}", exit_status_, line)};
  }
  if (status() != "error") {
    return std::nullopt;
  }
  const std::string tag = text("error.tag");
  return Verdict{tag.starts_with("host.") ? State::not_provided : State::untried,
                 text("error.message"), tag};
}

Verdict Seen::stopped_early() const {
  if (status() == "syscall_violation") {
    return {State::not_provided, fmt::format("the profile forbids {}, which the attempt needs",
                                             text("violations.0.syscall"))};
  }
  return {State::untried, fmt::format("the probe ended before ({})", status())};
}

}  // namespace sb::selftest
