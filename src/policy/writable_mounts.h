// What follows from showing directories of the host for writing: warnings, and rules of calls.
// Must not decide which are shown (resolve_files.cc).
#pragma once

#include "policy/host_facts.h"
#include "policy/spec.h"

namespace sb::policy {

// Where nothing of the host is writable inside, changes nothing. Otherwise warns of what does not
// hold for such a directory (decisions 16, 25), and has syscalls_of() forbid the set-user-ID and
// set-group-ID bits of files: with them the target could leave a program on the host that others
// would run with the rights of its owner (decisions/0021).
void guard_writable_mounts(const HostFacts& facts, Spec& spec);

}  // namespace sb::policy
