// Why execve failed: what the program needs and does not find inside.
// Must not be asked before it failed; looking costs time.
#pragma once

#include "base/error.h"
#include "policy/spec.h"

namespace sb::launch {

// execve of spec.command failed with `err`: program.not_found or program.not_executable. Names the
// interpreter of a script, or the dynamic loader, where that is what is missing.
Error exec_error(const policy::Spec& spec, int err);

}  // namespace sb::launch
