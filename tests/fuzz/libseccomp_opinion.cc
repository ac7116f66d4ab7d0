#include "fuzz/libseccomp_opinion.h"

#include <algorithm>
#include <memory>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/properties.h"
#include "policy/resolve_syscalls.h"
#include "seccomp/evaluate.h"

#undef CHECK

extern "C" void __lsan_disable() __attribute__((weak));
extern "C" void __lsan_enable() __attribute__((weak));

namespace sbfuzz {
namespace {

// Why: libseccomp 2.5.4 loses nodes of its own when chains of tests meet. The program never gives
// it any (decisions/0011), so what it compiles with libseccomp is looked at for leaks as all else.
class LeaksIgnored {
 public:
  LeaksIgnored() {
    if (__lsan_disable != nullptr) {
      __lsan_disable();
    }
  }
  LeaksIgnored(const LeaksIgnored&) = delete;
  LeaksIgnored& operator=(const LeaksIgnored&) = delete;
  ~LeaksIgnored() {
    if (__lsan_enable != nullptr) {
      __lsan_enable();
    }
  }
};

using namespace sb::policy;

std::uint32_t index_of(std::vector<SyscallAction>& actions, const SyscallAction& action) {
  const auto at = std::find(actions.begin(), actions.end(), action);
  if (at != actions.end()) {
    return static_cast<std::uint32_t>(at - actions.begin());
  }
  actions.push_back(action);
  return static_cast<std::uint32_t>(actions.size() - 1);
}

bool can_hold(const std::vector<const SyscallRule*>& rules) {
  for (const SyscallRule* rule : rules) {
    for (const ArgTest& test : rule->args) {
      const auto same = [&](const ArgTest& other) { return other.index == test.index; };
      if (std::count_if(rule->args.begin(), rule->args.end(), same) != 1) {
        return false;
      }
    }
    // Only the last is without tests: it is what the others are compared with.
    const auto differs = [&](const SyscallRule* other) {
      return !other->args.empty() && !rule->args.empty() && other->action != rule->action &&
             rules_overlap(*other, *rule);
    };
    if (std::any_of(rules.begin(), rules.end(), differs)) {
      return false;
    }
  }
  return true;
}

sb::seccomp::BpfProgram exported(scmp_filter_ctx context) {
  const int fd = ::memfd_create("opinion", MFD_CLOEXEC);
  HOLDS(fd >= 0 && seccomp_export_bpf(context, fd) == 0);
  const off_t size = ::lseek(fd, 0, SEEK_END);
  HOLDS(size > 0);
  sb::seccomp::BpfProgram program;
  program.instructions.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
  // Safety: the buffer has exactly the bytes asked for.
  HOLDS(::pread(fd, program.instructions.data(), static_cast<std::size_t>(size), 0) == size);
  ::close(fd);
  return program;
}

}  // namespace

std::optional<LibseccompOpinion> LibseccompOpinion::of(const std::vector<const SyscallRule*>& rules,
                                                       const SyscallAction& default_action) {
  if (!can_hold(rules)) {
    return std::nullopt;
  }
  const LeaksIgnored ignored;
  LibseccompOpinion opinion;
  const SyscallAction otherwise =
      rules.back()->args.empty() ? rules.back()->action : default_action;
  opinion.actions_.push_back(otherwise);
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> context(seccomp_init(SCMP_ACT_TRACE(0)),
                                                                 seccomp_release);
  HOLDS(context != nullptr);
  for (const SyscallRule* rule : rules) {
    if (rule->args.empty() || rule->action == otherwise) {
      continue;
    }
    std::vector<scmp_arg_cmp> tests;
    for (const ArgTest& test : rule->args) {
      tests.push_back({test.index, SCMP_CMP_MASKED_EQ, test.mask, test.value});
    }
    const std::uint32_t action = SCMP_ACT_TRACE(index_of(opinion.actions_, rule->action));
    if (seccomp_rule_add_exact_array(context.get(), action, rule->number,
                                     static_cast<unsigned>(tests.size()), tests.data()) < 0) {
      return std::nullopt;
    }
  }
  opinion.program_ = exported(context.get());
  return opinion;
}

SyscallAction LibseccompOpinion::ask(std::uint32_t number,
                                     const std::array<std::uint64_t, 6>& args) const {
  seccomp_data data{};
  data.arch = AUDIT_ARCH_X86_64;
  data.nr = static_cast<int>(number);
  std::copy(args.begin(), args.end(), data.args);
  const std::optional<std::uint32_t> value = sb::seccomp::evaluate(program_, data);
  HOLDS(value.has_value() && (*value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE);
  return actions_.at(*value & SECCOMP_RET_DATA);
}

}  // namespace sbfuzz
