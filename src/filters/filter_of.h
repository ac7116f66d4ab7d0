// The filter of a run: that of a built-in profile as it was compiled, else one compiled now.
// Must not load it: the target does.
#pragma once

#include "base/error.h"
#include "policy/spec.h"
#include "seccomp/program.h"

namespace sb::filters {

// The filter that a run of this spec gets. Errors: seccomp_compile, and of syscalls_of.
Result<seccomp::BpfProgram> filter_of(const policy::Spec& spec);

}  // namespace sb::filters
