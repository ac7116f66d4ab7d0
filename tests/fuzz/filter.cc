// Whole filters: a profile's [syscalls] made from the input, through all of policy and seccomp;
// then every call number and the edges of its tests.
#include <array>
#include <optional>

#include <fmt/core.h>

#include "fuzz/filter_agreement.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "policy/profile.h"
#include "policy/resolve_syscalls.h"
#include "policy/set_id_bits.h"
#include "policy/syscall_groups.h"
#include "policy/syscall_table.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;
using sb::seccomp::KillMode;

constexpr std::uint32_t cookie = 0x53424744;
constexpr std::size_t most_entries = 8;
// Why: thousands of policies with some of their calls' edges find more than a few with all.
constexpr Effort effort{.bases = 4, .values = 96, .foreign_step = 29};

std::uint64_t number_from(Input& input) {
  constexpr std::array<std::uint64_t, 12> edges = {
      0,          1,          2,         0x7fffffff,    0x80000000, 0x80000001,
      0xfffffffe, 0xffffffff, 1UL << 32, 1UL << 32 | 5, 1UL << 63,  ~0UL};
  const std::size_t choice = input.choose(16);
  return choice < edges.size() ? edges.at(choice) : input.number(choice - 11);
}

std::string condition_from(Input& input) {
  const std::size_t index = input.choose(6);
  const bool wide = input.flip();
  const std::uint64_t most = wide ? ~0UL : 0xffffffffUL;
  std::string test;
  switch (input.choose(3)) {
    case 0:
      test = fmt::format("eq = \"{:#x}\"", number_from(input) & most);
      break;
    case 1: {
      test = "in = [";
      for (std::size_t i = 1 + input.choose(5); i > 0; --i) {
        test += fmt::format("\"{:#x}\", ", number_from(input) & most);
      }
      test += "]";
      break;
    }
    default: {
      const std::uint64_t mask = number_from(input) & most;
      // Mostly a value within the mask; else the profile is refused, which is as well.
      const std::uint64_t value = number_from(input) & (input.choose(8) == 0 ? most : mask);
      test = fmt::format("masked = {{ mask = \"{:#x}\", value = \"{:#x}\" }}", mask, value);
    }
  }
  return fmt::format("{{ index = {}, {}{} }}", index, test, wide ? ", wide = true" : "");
}

std::string action_from(Input& input) {
  constexpr std::array actions = {"kill", "log", "errno EPERM", "errno ENOSYS", "errno EACCES"};
  return actions.at(input.choose(actions.size()));
}

// A few calls come often, so that entries meet.
std::string name_from(Input& input) {
  constexpr std::array often = {"read",      "ioctl",  "clone",  "socket", "kill",
                                "prlimit64", "execve", "clone3", "prctl",  "openat"};
  const std::size_t choice = input.choose(20);
  if (choice < often.size()) {
    return often.at(choice);
  }
  const auto names = choice < 17 ? syscall_names() : group_names();
  return std::string(names[static_cast<std::size_t>(input.number(2)) % names.size()]);
}

std::string entry_from(Input& input, bool denied) {
  std::string entry = fmt::format("{{ name = \"{}\"", name_from(input));
  if (entry.find('@') == std::string::npos && input.flip()) {
    entry += ", args = [";
    for (std::size_t i = 1 + input.choose(3); i > 0; --i) {
      entry += condition_from(input) + ", ";
    }
    entry += "]";
  }
  if (denied && input.choose(4) != 0) {
    const std::string action = action_from(input);
    entry += fmt::format(", action = \"{}\"", action);
    entry += action.starts_with("errno") && input.flip() ? ", log = true" : "";
  }
  return entry + " },\n";
}

struct Lists {
  std::string head;
  std::string allow;
  std::string deny;

  std::string text() const {
    return fmt::format("[syscalls]\n{}allow = [\n{}]\ndeny = [\n{}]\n", head, allow, deny);
  }
};

// nullopt where the profile is refused, which is said clearly.
std::optional<SyscallPolicy> policy_of(const std::string& text) {
  const sb::Result<Profile> profile = parse_profile(text, "f.toml");
  if (!profile) {
    // Only values outside of their mask are written wrong on purpose.
    HOLDS_FOR(profile.error().message().find("never hold") != std::string::npos,
              profile.error().to_line() + "\n" + text);
    return std::nullopt;
  }
  sb::Result<SyscallPolicy> policy = resolve_syscalls(*profile);
  if (!policy) {
    expect_place(policy.error(), "f.toml", text);
    return std::nullopt;
  }
  return *std::move(policy);
}

// Entry by entry, leaving out those that contradict the ones before.
Lists lists_from(Input& input) {
  Lists lists;
  lists.head = fmt::format("default = \"{}\"\n", action_from(input));
  lists.head += input.choose(4) == 0 ? "log = true\n" : "";
  for (std::size_t i = 0; i < most_entries && !input.empty(); ++i) {
    const bool denied = input.flip();
    Lists longer = lists;
    (denied ? longer.deny : longer.allow) += entry_from(input, denied);
    if (policy_of(longer.text())) {
      lists = std::move(longer);
    }
  }
  return lists;
}

void expect_agreement(const SyscallPolicy& policy, KillMode mode, const std::string& text) {
  const std::uint32_t waiting = mode == KillMode::notify ? cookie : 0;
  const auto program = sb::seccomp::compile(policy, mode, waiting);
  if (!program) {
    // The one thing that can be wrong with a policy that was resolved: its size.
    HOLDS_FOR(program.error().to_line().find("instructions") != std::string::npos,
              program.error().to_line() + "\n" + text);
    return;
  }
  const Agreement agreement = compare(policy, program->instructions, mode, waiting, effort);
  HOLDS_FOR(agreement.first_mismatch.empty(), agreement.first_mismatch + "\n" + text);
  const Agreement with_libseccomp =
      compare_with_libseccomp(policy, program->instructions, mode, effort);
  HOLDS_FOR(with_libseccomp.first_mismatch.empty(),
            "libseccomp: " + with_libseccomp.first_mismatch + "\n" + text);
}

}  // namespace

void fuzz_filter(std::string_view bytes) {
  Input input(bytes);
  const bool guarded = input.choose(4) == 0;
  const KillMode mode = input.choose(3) == 0 ? KillMode::kill_process : KillMode::notify;
  const std::string text = lists_from(input).text();
  std::optional<SyscallPolicy> policy = policy_of(text);
  HOLDS_FOR(policy.has_value(), text);
  if (guarded) {
    forbid_set_id_bits(*policy);
  }
  expect_agreement(*policy, mode, text);
}

}  // namespace sbfuzz
