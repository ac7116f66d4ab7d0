#include "seccomp/prologue.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>

#include "policy/syscall_table.h"
#include "seccomp/actions.h"

namespace sb::seccomp {
namespace {

using Code = std::vector<sock_filter>;

constexpr std::uint32_t x32_bit = 0x40000000;
// Kernel: x86-64 has a hole between its own last calls and those numbered alike everywhere. Calls
// are still added at its start (uretprobe 335, uprobe 336), so its numbers are "newer", too.
constexpr std::uint32_t hole_first = 337;
constexpr std::uint32_t hole_end = 424;
constexpr std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::size_t longest_jump = 255;

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

sock_filter give(std::uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }

sock_filter jump(std::uint16_t comparison, std::uint32_t value, std::size_t if_true,
                 std::size_t if_false) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value,
                  static_cast<std::uint8_t>(if_true), static_cast<std::uint8_t>(if_false));
}

// Kernel: seccomp_data is in the machine's byte order, low half first on x86-64.
std::size_t half_offset(unsigned index, bool high) {
  return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t) + (high ? 4 : 0);
}

// Compares one half of an argument; where it differs, the jump leaves `after` (filled in later by
// close_jumps).
void compare_half(Code& code, const policy::ArgTest& test, bool high) {
  const auto mask = static_cast<std::uint32_t>(high ? test.mask >> 32 : test.mask);
  const auto value = static_cast<std::uint32_t>(high ? test.value >> 32 : test.value);
  if (mask == 0 && value == 0) {
    return;
  }
  code.push_back(load(half_offset(test.index, high)));
  if (mask != 0xffffffff) {
    code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  }
  code.push_back(jump(BPF_JEQ, value, 0, 0));
}

// One rule: its tests, then its action; a test that fails goes on behind the rule.
Code rule_code(const policy::SyscallRule& rule, KillMode mode) {
  Code code;
  for (const policy::ArgTest& test : rule.args) {
    compare_half(code, test, false);
    compare_half(code, test, true);
  }
  code.push_back(give(return_value(rule.action, mode)));
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (BPF_CLASS(code[i].code) == BPF_JMP) {
      // Six tests of two halves with a mask each are 36 instructions, so this fits.
      code[i].jf = static_cast<std::uint8_t>(code.size() - i - 1);
    }
  }
  return code;
}

void append(Code& code, const Code& more) { code.insert(code.end(), more.begin(), more.end()); }

// All rules of one call. Every way through it returns; other calls jump over it.
Code call_code(std::span<const policy::SyscallRule> rules, const policy::SyscallAction& otherwise,
               KillMode mode) {
  Code body;
  bool plain = false;
  for (const policy::SyscallRule& rule : rules) {
    append(body, rule_code(rule, mode));
    plain = plain || rule.args.empty();
  }
  if (!plain) {
    body.push_back(give(return_value(otherwise, mode)));
  }
  const auto number = static_cast<std::uint32_t>(rules.front().number);
  Code code;
  if (body.size() <= longest_jump) {
    code.push_back(jump(BPF_JEQ, number, 0, body.size()));
  } else {
    code.push_back(jump(BPF_JEQ, number, 1, 0));
    code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(body.size())));
  }
  append(code, body);
  return code;
}

// Leaves the number of a native call that this release knows in the accumulator.
Code abi_code(KillMode mode) {
  const std::uint32_t foreign = return_value({policy::ActionKind::kill, 0}, mode);
  return {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0),
      give(foreign),
      load(offsetof(seccomp_data, nr)),
      jump(BPF_JGE, x32_bit, 0, 3),
      // Kernel: -1 is no x32 call but how a tracer cancels one; the kernel itself answers ENOSYS.
      jump(BPF_JEQ, 0xffffffff, 0, 1),
      give(no_such_call),
      give(foreign),
      jump(BPF_JGT, static_cast<std::uint32_t>(policy::highest_syscall), 2, 0),
      jump(BPF_JGE, hole_first, 0, 2),
      jump(BPF_JGE, hole_end, 1, 0),
      give(no_such_call),
  };
}

// How our own code waits: a notification before any rule of the policy's is looked at.
Code waiting_code(std::uint32_t cookie) {
  return {
      jump(BPF_JEQ, SYS_kill, 0, 6),    load(half_offset(0, false)),
      jump(BPF_JEQ, 0xffffffff, 0, 3),  load(half_offset(2, false)),
      jump(BPF_JEQ, cookie, 0, 1),      give(SECCOMP_RET_USER_NOTIF),
      load(offsetof(seccomp_data, nr)),
  };
}

}  // namespace

BpfProgram write_prologue(const policy::SyscallPolicy& policy, KillMode mode,
                          std::uint32_t waiting_cookie, std::vector<policy::SyscallRule>& rest) {
  BpfProgram program{abi_code(mode)};
  if (mode == KillMode::notify && waiting_cookie != 0) {
    append(program.instructions, waiting_code(waiting_cookie));
  }
  const std::span<const policy::SyscallRule> all = policy.rules;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t end = first;
    while (end < all.size() && all[end].number == all[first].number) {
      ++end;
    }
    const auto rules = all.subspan(first, end - first);
    const bool tested = std::any_of(rules.begin(), rules.end(),
                                    [](const auto& rule) { return !rule.args.empty(); });
    if (tested) {
      append(program.instructions, call_code(rules, policy.default_action, mode));
    } else {
      rest.push_back(rules.front());
    }
    first = end;
  }
  return program;
}

}  // namespace sb::seccomp
