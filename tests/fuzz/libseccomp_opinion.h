// What libseccomp, given one call's rules, makes of its arguments: decisions/0011 says why the
// program does not ask it. Must not be shown rules that it can't hold.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/syscall_policy.h"
#include "seccomp/program.h"

namespace sbfuzz {

class LibseccompOpinion {
 public:
  // nullopt where it has no word for the rules: two tests of one argument, rules that overlap with
  // different actions, a call that it does not know.
  static std::optional<LibseccompOpinion> of(
      const std::vector<const sb::policy::SyscallRule*>& rules,
      const sb::policy::SyscallAction& default_action);

  sb::policy::SyscallAction ask(std::uint32_t number,
                                const std::array<std::uint64_t, 6>& args) const;

 private:
  sb::seccomp::BpfProgram program_;
  std::vector<sb::policy::SyscallAction> actions_;  // by what the program returns
};

}  // namespace sbfuzz
