// Runs a filter in user space, as the kernel would: for tests and `profile explain`.
// Must not be used to decide anything about a running target.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <optional>

#include "seccomp/program.h"

namespace sb::seccomp {

// What the filter returns for this call; nullopt for a program that the kernel would not take: an
// unknown instruction, a jump or load out of bounds, no return at the end.
std::optional<std::uint32_t> evaluate(const BpfProgram& program, const seccomp_data& data);

// Whether the kernel would take it, as far as filters of ours go: known instructions, jumps and
// loads inside, a return at every end.
bool is_well_formed(const BpfProgram& program);

}  // namespace sb::seccomp
