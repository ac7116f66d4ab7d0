// A built-in profile's filter as the build compiles it, to be asked in user space.
// Must not run anything: what the kernel makes of it is for tests/integration.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"
#include "seccomp/compile.h"
#include "seccomp/evaluate.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>
#include <linux/audit.h>

namespace sbtest {

class Filter {
 public:
  explicit Filter(std::string_view name) {
    const sb::Result<sb::policy::Profile> profile = sb::policy::load_profile(name);
    REQUIRE_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
    const sb::Result<sb::policy::SyscallPolicy> policy = sb::policy::resolve_syscalls(*profile);
    REQUIRE_MESSAGE(policy, (policy ? "" : policy.error().to_line()));
    sb::Result<sb::seccomp::BpfProgram> program =
        sb::seccomp::compile(*policy, sb::seccomp::KillMode::notify);
    REQUIRE_MESSAGE(program, (program ? "" : program.error().to_line()));
    program_ = *std::move(program);
  }

  std::uint32_t operator()(std::string_view call,
                           const std::array<std::uint64_t, 6>& args = {}) const {
    const std::optional<int> number = sb::policy::number_of(call);
    REQUIRE_MESSAGE(number.has_value(), call);
    seccomp_data data{};
    data.arch = AUDIT_ARCH_X86_64;
    data.nr = *number;
    std::copy(args.begin(), args.end(), data.args);
    return *sb::seccomp::evaluate(program_, data);
  }

  bool allows(std::string_view call, const std::array<std::uint64_t, 6>& args = {}) const {
    return (*this)(call, args) == SECCOMP_RET_ALLOW;
  }

 private:
  sb::seccomp::BpfProgram program_;
};

}  // namespace sbtest
