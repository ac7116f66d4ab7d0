#include "cli/profile_command.h"

#include <array>
#include <optional>

#include <fmt/core.h>

#include "cli/print.h"
#include "policy/profile.h"
#include "policy/words.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

// Limit: as the reader of profiles has it.
constexpr std::size_t max_profile_bytes = 65'536;

Result<Done> list() {
  std::string text;
  for (const std::string& name : policy::builtin_profile_names()) {
    const policy::Profile profile = TRY(policy::load_profile(name));
    text += fmt::format("{:<12} {}\n", name, profile.description ? profile.description->value : "");
  }
  return print_text(text);
}

// The text as it was written, once it has been read without an error.
Result<Done> show(const std::string& name) {
  CHECK(policy::load_profile(name));
  if (const std::optional<std::string_view> text = policy::builtin_profile_text(name)) {
    return print_text(*text);
  }
  const sys::ReadResult file = sys::read_file(name, max_profile_bytes);
  if (file.err != 0) {
    return Error(Tag::profile_unreadable,
                 fmt::format("reading profile {}", policy::in_quotes(name)), file.err);
  }
  return print_text(file.data);
}

}  // namespace

Result<Done> profile_command(std::span<const std::string> arguments) {
  constexpr std::array<std::string_view, 2> verbs = {"list", "show"};
  if (arguments.empty()) {
    return Error(Tag::usage, "profile needs a command: list or show");
  }
  for (const std::string& word : arguments) {
    if (word.starts_with('-')) {
      return Error(Tag::usage, fmt::format("unknown option {}", word));
    }
  }
  const std::string& verb = arguments.front();
  const std::span<const std::string> rest = arguments.subspan(1);
  if (verb == "list") {
    return rest.empty() ? list() : Error(Tag::usage, "profile list takes no arguments");
  }
  if (verb == "show") {
    return rest.size() == 1 ? show(rest.front())
                            : Error(Tag::usage, "profile show takes one name or file");
  }
  return Error(Tag::usage, fmt::format("unknown command profile {}{}", policy::in_quotes(verb),
                                       policy::did_you_mean(verb, verbs)));
}

}  // namespace sb::cli
