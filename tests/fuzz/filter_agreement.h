// Three opinions on one call: what the policy says, what our filter does, what libseccomp makes of
// the same tests. Must not share code with the compiler: the policy's opinion is restated here.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <linux/filter.h>

#include "policy/syscall_policy.h"
#include "seccomp/compile.h"

namespace sbfuzz {

// How many sets of arguments are tried for each value, and how many values for each argument.
struct Effort {
  std::size_t bases = 24;
  std::size_t values = 400;
  std::uint32_t foreign_step = 1;  // of the numbers that are tried as foreign calls
};

struct Agreement {
  std::uint64_t calls = 0;     // that were asked for
  std::string first_mismatch;  // empty: all agree
};

// Every number from 0 to beyond the highest, as native, x32 and i386 calls, each with the arguments
// at the edges of what its rules look at. `cookie` as in seccomp::compile.
Agreement compare(const sb::policy::SyscallPolicy& policy, std::span<const sock_filter> program,
                  sb::seccomp::KillMode mode, std::uint32_t cookie, const Effort& effort = {});

// The same against what libseccomp makes of each call's tests; calls whose tests it can't take are
// left out.
Agreement compare_with_libseccomp(const sb::policy::SyscallPolicy& policy,
                                  std::span<const sock_filter> program, sb::seccomp::KillMode mode,
                                  const Effort& effort = {});

}  // namespace sbfuzz
