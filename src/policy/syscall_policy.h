// What the target may call: the resolved form of a profile's [syscalls], numbers instead of names.
// Must not know BPF (seccomp/) or TOML (toml_reader.cc).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sb::policy {

enum class ActionKind {
  allow,
  kill,    // ends the run: status syscall_violation
  err,     // returns -errno, unseen
  notify,  // answered by the supervisor: recorded, then the errno ("log" and `log = true`)
};

struct SyscallAction {
  ActionKind kind = ActionKind::kill;
  int err = 0;  // of err and notify; 0 with notify means: let it run, but record it ("log")

  friend bool operator==(const SyscallAction&, const SyscallAction&) = default;
};

// One comparison of one argument: (argument & mask) == value.
// Kernel: int-typed arguments arrive with arbitrary high 32 bits, which the kernel ignores; such
// comparisons have mask bits in the low half only, or a caller could pass by them (pitfall 9).
struct ArgTest {
  unsigned index = 0;  // 0..5
  std::uint64_t mask = 0xffffffff;
  std::uint64_t value = 0;

  friend bool operator==(const ArgTest&, const ArgTest&) = default;
};

// Applies if every test holds. The rules of one call are tried in their order and the first that
// applies decides: first the ones that hold in every profile (decisions/0002), then those with
// tests, of which no two with different actions overlap, then at most one without tests. Where none
// applies, default_action does.
struct SyscallRule {
  int number = 0;
  std::string name;
  std::vector<ArgTest> args;  // empty: any arguments
  SyscallAction action;
  std::string why;  // shown in violations and `profile explain`

  friend bool operator==(const SyscallRule&, const SyscallRule&) = default;
};

struct SyscallPolicy {
  SyscallAction default_action;
  std::string default_why;
  std::vector<SyscallRule> rules;

  friend bool operator==(const SyscallPolicy&, const SyscallPolicy&) = default;
};

}  // namespace sb::policy
