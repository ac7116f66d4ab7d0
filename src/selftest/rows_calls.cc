// System calls: what is denied, by each way into the kernel, on the kernel and by the filter's
// code.
#include <array>
#include <span>

#include <fmt/core.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "policy/syscall_table.h"
#include "seccomp/evaluate.h"
#include "selftest/subject.h"

namespace sb::selftest {
namespace {

constexpr std::uint32_t x32_bit = 0x40000000;

struct Call {
  const char* name;
  std::array<std::uint64_t, 3> arguments;
  const char* note = "";
};

constexpr std::array denied_calls = std::to_array<Call>({
#include "selftest/denied_calls.inc"
});

// What the filter says, as its code reads: nothing that the program tells or the kernel answers.
std::uint32_t action_of(const Subject& subject, std::uint32_t architecture, std::uint32_t number,
                        std::span<const std::uint64_t> arguments = {}) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = architecture;
  for (std::size_t i = 0; i < arguments.size() && i < 6; ++i) {
    data.args[i] = arguments[i];
  }
  return seccomp::evaluate(subject.filter, data).value_or(SECCOMP_RET_ALLOW);
}

// A call that was refused with an errno by the supervisor (`log = true`) is in the document, too.
bool is_listed_as_refused(const Seen& seen) {
  return seen.text("violations.0.action").starts_with("errno");
}

// `action`: the filter's. How it was refused, or that it was not.
Verdict judge_call(const Seen& seen, std::uint32_t action) {
  if (const std::optional<Verdict> nothing = seen.did_not_run()) {
    return *nothing;
  }
  const std::optional<std::string> answer = seen.fact("answer");
  if (seen.status() == "syscall_violation") {
    // Why: what has answered was not killed, whatever came after it.
    const std::string call =
        fmt::format("{} ({})", seen.text("violations.0.syscall"), seen.text("violations.0.arch"));
    return answer ? Verdict{State::broken, "answered " + *answer}
                  : Verdict{State::held, "killed: " + call};
  }
  const std::uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
  if (kind == SECCOMP_RET_ERRNO && answer) {
    const std::string wanted = errno_name(static_cast<int>(action & SECCOMP_RET_DATA));
    return {*answer == wanted ? State::held : State::broken,
            *answer == wanted ? "refused: " + wanted
                              : fmt::format("{} in the place of the filter's {}", *answer, wanted)};
  }
  if (kind == SECCOMP_RET_USER_NOTIF && answer && is_listed_as_refused(seen)) {
    return {State::held, "refused: " + *answer};
  }
  if (!answer && !seen.fact("calling")) {
    return seen.stopped_early();
  }
  return {State::broken, fmt::format("the profile lets it pass; the kernel answered {}",
                                     answer.value_or(seen.status()))};
}

Words words_of(const char* probe, std::uint64_t number, std::span<const std::uint64_t> arguments) {
  Words words = {probe, fmt::format("{:#x}", number)};
  for (const std::uint64_t argument : arguments) {
    words.push_back(fmt::format("{:#x}", argument));
  }
  return words;
}

std::string shown(const Call& call) {
  std::span<const std::uint64_t> arguments = call.arguments;
  while (arguments.size() > 1 && arguments.back() == 0) {
    arguments = arguments.first(arguments.size() - 1);
  }
  std::string text;
  for (const std::uint64_t argument : arguments) {
    text += text.empty() ? "" : ", ";
    text += argument == ~std::uint64_t{0} ? "-1" : fmt::format("{:#x}", argument);
  }
  return fmt::format("{}({})", call.name, text);
}

void try_denied(Subject& subject) {
  for (const Call& call : denied_calls) {
    const std::optional<int> number = policy::number_of(call.name);
    const std::size_t row = subject.report.add(
        "System calls that Docker's default profile denies",
        fmt::format("no {}{}{}", call.name, *call.note != '\0' ? " " : "", call.note),
        fmt::format("{}, number {}", shown(call), number.value_or(-1)));
    if (!number) {
      subject.judge(row, {State::untried, "unknown to this version"});
      continue;
    }
    const std::uint32_t action =
        action_of(subject, AUDIT_ARCH_X86_64, static_cast<std::uint32_t>(*number), call.arguments);
    subject.runner.add(
        {.probe = words_of("call", static_cast<std::uint64_t>(*number), call.arguments),
         .done = [&subject, row, action](const Seen& seen) {
           subject.judge(row, judge_call(seen, action));
         }});
  }
}

// --- other ABIs
// -----------------------------------------------------------------------------------

Verdict judge_foreign(const Seen& seen) {
  if (seen.status() == "signaled" && !seen.fact("answer")) {
    // Kernel: without the entry of 32-bit programs the instruction is a fault. What passed would
    // have answered, or exited.
    const std::string signal = seen.text("signal.name");
    return signal == "SIGSEGV" ? Verdict{State::held, "this kernel has no such entry"}
                               : Verdict{State::untried, "the kernel ended it before: " + signal};
  }
  return judge_call(seen, SECCOMP_RET_KILL_PROCESS);
}

void try_foreign(Subject& subject, const char* promise, const char* probe, const char* name,
                 std::uint64_t number) {
  const std::size_t row =
      subject.report.add("Other ABIs", promise, fmt::format("{}, number {:#x}", name, number));
  subject.runner.add(
      {.probe = words_of(probe, number, {}),
       .done = [&subject, row](const Seen& seen) { subject.judge(row, judge_foreign(seen)); }});
}

// Each number there is, by the filter's code alone.
void evaluate_all(Subject& subject, const char* promise, std::uint32_t architecture,
                  std::uint32_t bit) {
  constexpr std::uint32_t highest = 1023;
  const std::size_t row =
      subject.report.add("Other ABIs", promise, fmt::format("the filter's code, 0 to {}", highest));
  for (std::uint32_t number = 0; number <= highest; ++number) {
    const std::uint32_t kind =
        action_of(subject, architecture, number | bit) & SECCOMP_RET_ACTION_FULL;
    if (kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG) {
      subject.judge(row, {State::broken, fmt::format("number {} passes", number)});
      return;
    }
  }
  subject.judge(row, {State::held, "none passes"});
}

struct Foreign {
  const char* name;
  std::uint64_t x86_64;
  std::uint64_t i386;
};

// Of exit, what would come of it is that the program ends well.
constexpr std::array foreign_calls = {
    Foreign{"getpid", 39, 20},    Foreign{"ptrace", 101, 26},  Foreign{"mount", 165, 21},
    Foreign{"unshare", 272, 310}, Foreign{"keyctl", 250, 288}, Foreign{"exit", 60, 1},
};
// Kernel: x32 has numbers of its own from 512 on: rt_sigaction, execve, ptrace.
constexpr std::array own_x32_numbers = {512U, 520U, 521U};
// Kernel: denied by Docker and known to i386 only: stime, umount, vm86old, vm86, socketcall, ipc.
constexpr std::array own_i386_calls = {
    Foreign{"stime", 0, 25}, Foreign{"umount", 0, 22},      Foreign{"vm86old", 0, 113},
    Foreign{"vm86", 0, 166}, Foreign{"socketcall", 0, 102}, Foreign{"ipc", 0, 117},
};

void try_other_abis(Subject& subject) {
  for (const Foreign& call : foreign_calls) {
    try_foreign(subject, "no call with the bit of x32", "call", call.name, call.x86_64 | x32_bit);
  }
  for (const unsigned number : own_x32_numbers) {
    try_foreign(subject, "no call with the bit of x32", "call", "one of x32's own",
                number | x32_bit);
  }
  for (const Foreign& call : foreign_calls) {
    try_foreign(subject, "no call by int 0x80", "call_i386", call.name, call.i386);
  }
  for (const Foreign& call : own_i386_calls) {
    try_foreign(subject, "no call by int 0x80", "call_i386", call.name, call.i386);
  }
  try_foreign(subject, "no call from a 32-bit segment", "call_far", "exit", 1);
  evaluate_all(subject, "no number of x32", AUDIT_ARCH_X86_64, x32_bit);
  evaluate_all(subject, "no number of i386", AUDIT_ARCH_I386, 0);
}

// --- namespaces
// -----------------------------------------------------------------------------------

struct Way {
  const char* name;
  const char* attempt;
};

constexpr std::array ways = {
    Way{"clone", "clone(2) with each CLONE_NEW flag"},
    Way{"clone_high", "clone(2), with bits in the high half"},
    Way{"clone3", "clone3(2) with each CLONE_NEW flag"},
    Way{"unshare", "unshare(2) with each CLONE_NEW flag"},
    Way{"setns", "setns(2) to each of its own"},
};

// "refused: EPERM" where it is one answer to all.
std::string refusal_of(const Seen& seen) {
  const std::string first = seen.fact("user").value_or("");
  for (const char* const name : {"mount", "pid", "net", "ipc", "uts", "time", "cgroup"}) {
    if (seen.fact(name) != first) {
      return "refused:" + seen.fact("refused").value_or("");
    }
  }
  return "refused: " + first;
}

Verdict judge_namespaces(const Seen& seen) {
  if (const std::optional<Verdict> nothing = seen.did_not_run()) {
    return *nothing;
  }
  const std::optional<std::string> got = seen.fact("got");
  if (seen.status() == "syscall_violation" && !seen.fact("user")) {
    return {State::held, "killed: " + seen.text("violations.0.syscall")};
  }
  if (!got) {
    return seen.stopped_early();
  }
  return {got->empty() ? State::held : State::broken,
          got->empty() ? refusal_of(seen) : "got" + *got};
}

}  // namespace

void try_calls(Subject& subject) {
  try_denied(subject);
  try_other_abis(subject);
  for (const Way& way : ways) {
    const std::size_t row = subject.report.add("New namespaces", "can't be had", way.attempt);
    subject.runner.add(
        {.probe = {"namespaces", way.name}, .done = [&subject, row](const Seen& seen) {
           subject.judge(row, judge_namespaces(seen));
         }});
  }
}

}  // namespace sb::selftest
