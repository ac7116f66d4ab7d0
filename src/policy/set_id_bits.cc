#include "policy/set_id_bits.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"

namespace sb::policy {
namespace {

constexpr const char* reason =
    "on a directory of the host, others could run such a file with its owner's rights";

// A call that sets the mode of a file: where the mode is, and which flags must be there for it.
struct ModeCall {
  std::string_view name;
  unsigned mode_index;
  unsigned flags_index = 0;
  std::uint64_t flags = 0;
};

// Kernel: O_TMPFILE holds the bit of O_DIRECTORY, too; without its own bit it makes no file.
constexpr std::uint64_t tmpfile_bit = O_TMPFILE & ~O_DIRECTORY;
constexpr ModeCall mode_calls[] = {
    {"chmod", 1},
    {"fchmod", 1},
    {"fchmodat", 2},
    {"fchmodat2", 2},
    {"creat", 1},
    {"mknod", 1},
    {"mknodat", 2},
    {"open", 2, 1, O_CREAT},
    {"open", 2, 1, tmpfile_bit},
    {"openat", 3, 2, O_CREAT},
    {"openat", 3, 2, tmpfile_bit},
};

bool can_run(const SyscallPolicy& policy, int number) {
  bool plain = false;
  for (const SyscallRule& rule : policy.rules) {
    if (rule.number == number && lets_run(rule.action)) {
      return true;
    }
    plain = plain || (rule.number == number && rule.args.empty());
  }
  return !plain && lets_run(policy.default_action);
}

// Before all that the policy has of this call, where the order of numbers puts it.
void put_first(SyscallPolicy& policy, SyscallRule rule) {
  const auto at =
      std::find_if(policy.rules.begin(), policy.rules.end(),
                   [&](const SyscallRule& other) { return other.number >= rule.number; });
  policy.rules.insert(at, std::move(rule));
}

}  // namespace

void forbid_set_id_bits(SyscallPolicy& policy) {
  for (const ModeCall& call : mode_calls) {
    const int number = *number_of(call.name);
    if (!can_run(policy, number)) {
      continue;
    }
    for (const std::uint64_t bit : {std::uint64_t{S_ISUID}, std::uint64_t{S_ISGID}}) {
      SyscallRule rule{.number = number,
                       .name = std::string(call.name),
                       .args = {{call.mode_index, bit, bit}},
                       .action = {ActionKind::err, EPERM},
                       .why = reason};
      if (call.flags != 0) {
        rule.args.push_back({call.flags_index, call.flags, call.flags});
      }
      put_first(policy, std::move(rule));
    }
  }
  const int openat2 = *number_of("openat2");
  if (can_run(policy, openat2)) {
    std::erase_if(policy.rules, [&](const SyscallRule& rule) { return rule.number == openat2; });
    put_first(policy, {.number = openat2,
                       .name = "openat2",
                       .args = {},
                       .action = {ActionKind::err, ENOSYS},
                       .why = "its mode is in memory, where no filter can read it; programs fall "
                              "back to openat"});
  }
}

}  // namespace sb::policy
