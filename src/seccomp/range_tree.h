// A filter that looks at nothing but the call's number, written anew as a tree over ranges of
// numbers. Must not decide anything: its answers are those of the program that it is made of.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "seccomp/program.h"

namespace sb::seccomp {

// `program` begins with a native call's number in the accumulator, as what comes before it leaves
// it, or loads it. `is_asked` says whether a number can come that far at all; those above `highest`
// can not. The result begins with the number in the accumulator and gives the same value for every
// number that is asked; this is tried for each of them before it is returned. nullopt: it is not
// so, or the program is none that the kernel would take.
std::optional<BpfProgram> as_range_tree(const BpfProgram& program, std::uint32_t highest,
                                        const std::function<bool(std::uint32_t)>& is_asked);

}  // namespace sb::seccomp
