#include "seccomp/compile.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string_view>

#include <fmt/core.h>

#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"
#include "seccomp/actions.h"
#include "seccomp/prologue.h"
#include "seccomp/range_tree.h"

namespace sb::seccomp {
namespace {

using Context = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

Error compile_error(std::string doing, int negative_errno) {
  return {Tag::seccomp_compile, std::move(doing), -negative_errno};
}

// Why: libseccomp takes neither a notification as its default action nor any action that the kernel
// it happens to run on lacks. So every return value but "allow" goes through it as
// SECCOMP_RET_TRACE with an index into this table, and is put in its place afterwards.
class ReturnValues {
 public:
  std::uint32_t stand_in(std::uint32_t value) {
    if (value == SECCOMP_RET_ALLOW) {
      return SCMP_ACT_ALLOW;
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_[i] == value) {
        return SCMP_ACT_TRACE(i);
      }
    }
    values_.push_back(value);
    return SCMP_ACT_TRACE(values_.size() - 1);
  }

  // False for a program that returns something we did not put there.
  bool put_back(BpfProgram& program) const {
    for (sock_filter& instruction : program.instructions) {
      if (BPF_CLASS(instruction.code) != BPF_RET || instruction.k == SECCOMP_RET_ALLOW) {
        continue;
      }
      const std::uint32_t index = instruction.k & SECCOMP_RET_DATA;
      const std::uint32_t action = instruction.k & SECCOMP_RET_ACTION_FULL;
      if (action != SECCOMP_RET_TRACE || index >= values_.size()) {
        return false;
      }
      instruction.k = values_[index];
    }
    return true;
  }

 private:
  std::vector<std::uint32_t> values_;
};

Result<BpfProgram> export_program(const Context& context) {
  const int fd = ::memfd_create("filter", MFD_CLOEXEC);
  if (fd < 0) {
    return Error(Tag::seccomp_compile, "making a memfd for the filter", errno);
  }
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } const closer{fd};
  if (const int failed = seccomp_export_bpf(context.get(), fd); failed < 0) {
    return compile_error("exporting the filter", failed);
  }
  struct stat status {};
  if (::fstat(fd, &status) < 0) {
    return Error(Tag::seccomp_compile, "measuring the filter", errno);
  }
  const auto bytes = static_cast<std::size_t>(status.st_size);
  BpfProgram program;
  program.instructions.resize(bytes / sizeof(sock_filter));
  // Safety: the buffer has exactly the bytes asked for, and sock_filter is what libseccomp wrote.
  const ssize_t got = ::pread(fd, program.instructions.data(), bytes, 0);
  if (got < 0 || static_cast<std::size_t>(got) != bytes || bytes % sizeof(sock_filter) != 0) {
    return Error(Tag::seccomp_compile, "reading the filter back", got < 0 ? errno : 0);
  }
  return program;
}

// Why: the filter is loaded before the program is executed, so a policy that refuses execve with an
// errno must still let the first one through: it is notified, too, and the supervisor gives the
// errno to all that follow (decisions 7, pitfall 14).
policy::SyscallPolicy with_exec_notified(policy::SyscallPolicy policy) {
  const auto notified = [](policy::SyscallAction action) {
    if (action.kind == policy::ActionKind::err) {
      action.kind = policy::ActionKind::notify;
    }
    return action;
  };
  const auto is_exec = [](const policy::SyscallRule& rule) { return rule.number == SYS_execve; };
  auto after = policy.rules.end();
  bool plain = false;
  for (auto rule = policy.rules.begin(); rule != policy.rules.end(); ++rule) {
    if (is_exec(*rule)) {
      rule->action = notified(rule->action);
      plain = plain || rule->args.empty();
      after = rule + 1;
    }
  }
  if (!plain && policy.default_action.kind == policy::ActionKind::err) {
    policy.rules.insert(after, {.number = SYS_execve,
                                .name = "execve",
                                .args = {},
                                .action = notified(policy.default_action),
                                .why = policy.default_why});
  }
  return policy;
}

// A call that our own code makes under the filter before the program runs (launch/inside/guard.cc),
// and by which of its arguments it is told from the program's.
struct OwnCall {
  int number;
  std::string_view name;
  std::array<std::uint64_t, 6> args;
  policy::ArgTest mark;
};

std::array<OwnCall, 5> own_calls(std::uint32_t cookie) {
  constexpr std::uint64_t clone_flags = CLONE_VM | CLONE_PARENT | SIGCHLD;
  constexpr std::uint64_t low_half = 0xffffffff;
  // None of the others has a sixth argument, so the kernel looks at none.
  const policy::ArgTest cookie_is_sixth{.index = 5, .mask = low_half, .value = cookie};
  return {{
      {SYS_clone, "clone", {clone_flags}, {.index = 0, .mask = low_half, .value = clone_flags}},
      {SYS_rt_sigprocmask, "rt_sigprocmask", {SIG_SETMASK}, cookie_is_sixth},
      {SYS_setsid, "setsid", {}, cookie_is_sixth},
      {SYS_prctl, "prctl", {PR_SET_DUMPABLE}, cookie_is_sixth},
      {SYS_close_range, "close_range", {0, low_half, 0}, cookie_is_sixth},
  }};
}

// Why: the guard starts under the filter. A refusal with an errno would leave it unstarted, or with
// the pipes whose end the supervisor waits for. So its calls are notified, as the first execve is:
// the supervisor lets them run until the program does, and gives the errno from then on.
void let_guard_start(policy::SyscallPolicy& policy, std::uint32_t cookie) {
  for (const OwnCall& call : own_calls(cookie)) {
    const policy::SyscallRule* const rule = policy::find_rule(policy, call.number, call.args);
    const policy::SyscallAction action = rule != nullptr ? rule->action : policy.default_action;
    if (action.kind != policy::ActionKind::err) {
      continue;
    }
    const auto first =
        std::find_if(policy.rules.begin(), policy.rules.end(),
                     [&](const policy::SyscallRule& other) { return other.number == call.number; });
    policy.rules.insert(first, {.number = call.number,
                                .name = std::string(call.name),
                                .args = {call.mark},
                                .action = {policy::ActionKind::notify, action.err},
                                .why = "how the sandbox starts"});
  }
}

// The calls whose arguments do not matter.
Result<BpfProgram> compile_plain(const policy::SyscallPolicy& policy, KillMode mode,
                                 const std::vector<policy::SyscallRule>& rules) {
  ReturnValues values;
  const std::uint32_t otherwise = values.stand_in(return_value(policy.default_action, mode));
  const std::uint32_t foreign = values.stand_in(return_value({policy::ActionKind::kill, 0}, mode));
  const Context context(seccomp_init(otherwise), seccomp_release);
  if (context == nullptr) {
    return compile_error("preparing libseccomp", -ENOMEM);
  }
  // The front has dealt with foreign ABIs; should it ever let one through, this does not.
  int failed = seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, foreign);
  if (failed == 0) {
    failed = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  }
  if (failed < 0) {
    return compile_error("preparing libseccomp", failed);
  }
  for (const policy::SyscallRule& rule : rules) {
    const std::uint32_t action = values.stand_in(return_value(rule.action, mode));
    if (action == otherwise) {
      continue;  // libseccomp refuses a rule that says what the default says.
    }
    failed = seccomp_rule_add_exact_array(context.get(), action, rule.number, 0, nullptr);
    if (failed < 0) {
      return compile_error(fmt::format("adding the rule for {}", rule.name), failed);
    }
  }
  BpfProgram program = TRY(export_program(context));
  if (!values.put_back(program)) {
    return Error(Tag::internal, "reading the filter of libseccomp: an unknown return value");
  }
  return program;
}

// The same as a tree over ranges of numbers, which the kernel takes in a fourth of the time
// (decisions/0029). A number with tests of arguments has been answered before.
Result<BpfProgram> as_ranges(const BpfProgram& plain, const policy::SyscallPolicy& policy) {
  std::vector<bool> tested(static_cast<std::size_t>(policy::highest_syscall) + 1);
  for (const policy::SyscallRule& rule : policy.rules) {
    const auto number = static_cast<std::size_t>(rule.number);
    if (!rule.args.empty() && number < tested.size()) {
      tested[number] = true;
    }
  }
  std::optional<BpfProgram> tree =
      as_range_tree(plain, static_cast<std::uint32_t>(policy::highest_syscall),
                    [&tested](std::uint32_t number) { return !tested[number]; });
  if (!tree) {
    return Error(Tag::internal, "writing the filter of libseccomp as a tree of ranges");
  }
  return *std::move(tree);
}

}  // namespace

Result<BpfProgram> compile(const policy::SyscallPolicy& wanted, KillMode mode,
                           std::uint32_t waiting_cookie) {
  policy::SyscallPolicy policy = mode == KillMode::notify ? with_exec_notified(wanted) : wanted;
  if (mode == KillMode::notify && waiting_cookie != 0) {
    let_guard_start(policy, waiting_cookie);
  }
  std::vector<policy::SyscallRule> rest;
  BpfProgram program = write_prologue(policy, mode, waiting_cookie, rest);
  const BpfProgram listed = TRY(compile_plain(policy, mode, rest));
  const BpfProgram plain = TRY(as_ranges(listed, policy));
  program.instructions.insert(program.instructions.end(), plain.instructions.begin(),
                              plain.instructions.end());
  if (program.instructions.size() > BPF_MAXINSNS) {
    return Error(Tag::seccomp_compile,
                 fmt::format("making a filter of {} instructions: the kernel takes {}",
                             program.instructions.size(), BPF_MAXINSNS));
  }
  return program;
}

}  // namespace sb::seccomp
