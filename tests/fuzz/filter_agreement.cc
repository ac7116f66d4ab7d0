#include "fuzz/filter_agreement.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <vector>

#include <fmt/core.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "fuzz/libseccomp_opinion.h"
#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"
#include "seccomp/evaluate.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;
using sb::seccomp::BpfProgram;
using sb::seccomp::KillMode;
using Args = std::array<std::uint64_t, 6>;
using Rules = std::vector<const SyscallRule*>;

constexpr std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t x32 = 0x40000000;
constexpr std::uint32_t beyond = 600;

constexpr std::array<std::uint64_t, 12> edges = {
    0,          1,           0x7fffffff,           0x80000000,           0x80000001, 0xfffffffe,
    0xffffffff, 0x100000000, 0x7fffffffffffffffUL, 0x8000000000000000UL, ~1UL,       ~0UL,
};

std::uint32_t stopped(KillMode mode) {
  return mode == KillMode::notify ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;
}

std::uint32_t value_of(const SyscallAction& action, KillMode mode) {
  const std::uint32_t refused = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(action.err);
  switch (action.kind) {
    case ActionKind::allow:
      return SECCOMP_RET_ALLOW;
    case ActionKind::err:
      return refused;
    case ActionKind::notify:
      return mode == KillMode::kill_process && action.err != 0 ? refused : stopped(mode);
    case ActionKind::kill:
      return stopped(mode);
  }
  return 0;
}

bool is_unknown(std::uint32_t number) {
  return number > static_cast<std::uint32_t>(highest_syscall) || (number >= 337 && number < 424);
}

// The first of the call's rules that holds, as syscall_policy.h has it.
SyscallAction decision(const SyscallPolicy& policy, const Rules& rules, const Args& args) {
  for (const SyscallRule* rule : rules) {
    const bool holds = std::all_of(rule->args.begin(), rule->args.end(), [&](const ArgTest& test) {
      return (args.at(test.index) & test.mask) == test.value;
    });
    if (holds) {
      return rule->action;
    }
  }
  return policy.default_action;
}

std::uint32_t expected(const SyscallPolicy& policy, const Rules& rules, KillMode mode,
                       std::uint32_t number, const Args& args, std::uint32_t cookie) {
  if (number >= x32) {
    return number == ~0U ? no_such_call : stopped(mode);
  }
  if (is_unknown(number)) {
    return no_such_call;
  }
  const bool waits = number == SYS_kill && static_cast<std::uint32_t>(args[0]) == ~0U &&
                     static_cast<std::uint32_t>(args[2]) == cookie;
  if (mode == KillMode::notify && cookie != 0 && waits) {
    return SECCOMP_RET_USER_NOTIF;
  }
  const SyscallAction action = decision(policy, rules, args);
  // The program's own first execve has to pass a policy that refuses it.
  if (mode == KillMode::notify && number == SYS_execve && action.kind == ActionKind::err) {
    return SECCOMP_RET_USER_NOTIF;
  }
  return value_of(action, mode);
}

// Values of one argument at the edges of what the rules look at there.
std::vector<std::uint64_t> values_for(const Rules& rules, unsigned index, std::uint32_t cookie,
                                      std::size_t most) {
  std::set<std::uint64_t> values(edges.begin(), edges.end());
  const auto add = [&](std::uint64_t value) {
    for (const std::uint64_t high : {0UL, 1UL << 32, 1UL << 63, 0xffffffffUL << 32}) {
      values.insert({value ^ high, (value - 1) ^ high, (value + 1) ^ high});
    }
  };
  if (cookie != 0) {
    add(cookie);
  }
  for (const SyscallRule* rule : rules) {
    for (const ArgTest& test : rule->args) {
      if (test.index == index && values.size() < most) {
        add(test.value);
        add(test.value | ~test.mask);
        values.insert({test.mask, ~test.mask, test.mask - 1, test.value ^ test.mask});
      }
    }
  }
  return {values.begin(), values.end()};
}

// Sets of arguments to vary: each rule's own, so that what it says of the others matters.
std::vector<Args> bases_for(const Rules& rules, std::size_t most) {
  std::vector<Args> bases = {Args{}, {~0UL, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL}};
  // Why a stride: of hundreds of rules some of each part of the list are enough.
  const std::size_t stride = 1 + rules.size() / most;
  for (std::size_t i = 0; i < rules.size(); i += stride) {
    Args args{};
    for (const ArgTest& test : rules[i]->args) {
      args.at(test.index) |= test.value;
    }
    bases.push_back(args);
  }
  return bases;
}

template <class Visit>
void for_each_arguments(const Rules& rules, std::uint32_t cookie, const Effort& effort,
                        const Visit& visit) {
  const std::vector<Args> bases = bases_for(rules, effort.bases);
  for (const Args& base : bases) {
    visit(base);
  }
  const auto looks_at = [&](unsigned index) {
    return cookie != 0 || std::any_of(rules.begin(), rules.end(), [&](const SyscallRule* rule) {
             return std::any_of(rule->args.begin(), rule->args.end(),
                                [&](const ArgTest& test) { return test.index == index; });
           });
  };
  for (unsigned index = 0; index < 6; ++index) {
    if (!looks_at(index)) {
      continue;
    }
    for (const std::uint64_t value : values_for(rules, index, cookie, effort.values)) {
      for (Args args : bases) {
        args.at(index) = value;
        visit(args);
      }
    }
  }
}

Rules rules_of_call(const SyscallPolicy& policy, std::uint32_t number) {
  Rules rules;
  for (const SyscallRule& rule : policy.rules) {
    if (static_cast<std::uint32_t>(rule.number) == number) {
      rules.push_back(&rule);
    }
  }
  return rules;
}

class Comparison {
 public:
  explicit Comparison(std::span<const sock_filter> program)
      : program_{{program.begin(), program.end()}} {}

  void ask(std::uint32_t arch, std::uint32_t number, const Args& args, std::uint32_t expected) {
    seccomp_data data{};
    data.arch = arch;
    data.nr = static_cast<int>(number);
    std::copy(args.begin(), args.end(), data.args);
    const std::optional<std::uint32_t> value = sb::seccomp::evaluate(program_, data);
    ++found_.calls;
    if (value != expected && found_.first_mismatch.empty()) {
      found_.first_mismatch = fmt::format(
          "arch {:#x} call {} ({:#x} {:#x} {:#x} {:#x} {:#x} {:#x}): expected {:#x}, the filter "
          "says {:#x}",
          arch, number, args[0], args[1], args[2], args[3], args[4], args[5], expected,
          value.value_or(0xdead));
    }
  }

  Agreement take() { return std::move(found_); }

 private:
  BpfProgram program_;
  Agreement found_;
};

}  // namespace

Agreement compare(const SyscallPolicy& policy, std::span<const sock_filter> program, KillMode mode,
                  std::uint32_t cookie, const Effort& effort) {
  Comparison comparison(program);
  const auto ask_native = [&](std::uint32_t number, const Rules& rules, const Args& args) {
    comparison.ask(AUDIT_ARCH_X86_64, number, args,
                   expected(policy, rules, mode, number, args, cookie));
  };
  for (std::uint32_t number = 0; number <= beyond; ++number) {
    const Rules rules = rules_of_call(policy, number);
    for_each_arguments(rules, number == SYS_kill ? cookie : 0, effort,
                       [&](const Args& args) { ask_native(number, rules, args); });
    if (number % effort.foreign_step != 0) {
      continue;
    }
    for (const Args& args : {Args{}, {1, 1, 1, 1, 1, 1}, {~0UL, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL}}) {
      comparison.ask(AUDIT_ARCH_X86_64, number | x32, args, stopped(mode));
      comparison.ask(AUDIT_ARCH_I386, number, args, stopped(mode));
      comparison.ask(AUDIT_ARCH_AARCH64, number, args, stopped(mode));
    }
  }
  for (const std::uint32_t number :
       {0x3fffffffU, 0x7fffffffU, 0x80000000U, 0x80000001U, 0xbfffffffU, 0xfffffffeU, ~0U}) {
    ask_native(number, {}, Args{});
    comparison.ask(AUDIT_ARCH_I386, number, Args{}, stopped(mode));
  }
  return comparison.take();
}

Agreement compare_with_libseccomp(const SyscallPolicy& policy, std::span<const sock_filter> program,
                                  KillMode mode, const Effort& effort) {
  Comparison comparison(program);
  for (std::uint32_t number = 0; number <= static_cast<std::uint32_t>(highest_syscall); ++number) {
    const Rules rules = rules_of_call(policy, number);
    // execve is notified whatever a policy that refuses it says.
    if (rules.empty() || rules.front()->args.empty() || number == SYS_execve) {
      continue;
    }
    const std::optional<LibseccompOpinion> opinion =
        LibseccompOpinion::of(rules, policy.default_action);
    if (!opinion) {
      continue;
    }
    for_each_arguments(rules, 0, effort, [&](const Args& args) {
      comparison.ask(AUDIT_ARCH_X86_64, number, args, value_of(opinion->ask(number, args), mode));
    });
  }
  return comparison.take();
}

}  // namespace sbfuzz
