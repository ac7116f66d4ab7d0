// Children by clone3(2) (Linux 5.3), each with its pidfd.
// Must not know what they are for.
#pragma once

#include <cstdint>

#include <sys/types.h>

#include "sys/fd.h"
#include "sys/process.h"

namespace sb::sys {

struct Cloned {
  pid_t pid = -1;  // 0: this is the child; -1: there is none, for `err`
  int err = 0;
  Pidfd process;  // of the parent's alone
};

// Returns twice, as fork(2) does. `flags`: CLONE_NEW*, with no flag that shares memory; CLONE_PIDFD
// is added. `into_group`: the directory of a cgroup of v2 that it begins in (Linux 5.7), where
// valid. The child of a process with threads may call what is async-signal-safe only.
Cloned clone_process(std::uint64_t flags, FdRef into_group = {});

}  // namespace sb::sys
