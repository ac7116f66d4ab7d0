// The vDSO of each traced program: replaced at its execve, so that it shows the virtual clock.
// Must not stop or start a tracee.
#pragma once

#include "intercept/clock.h"
#include "intercept/tracee.h"
#include "intercept/vdso_code.h"

namespace sb::intercept {

// At the stop of an execve. Where the vDSO can't be replaced it is hidden: then each reading of a
// clock is a system call. False: the program's memory can't be reached at all.
bool take_vdso(pid_t tid, Process& process);
// What a fork has copied.
void copy_vdso(const Process& parent, pid_t pid, Process& child);

// What all readings show from now on; `cell` without its limit and counter. `free_readings`: how
// many more are answered without a system call; 0: none is.
void show_clock(Process& process, const Clock& clock, bool by_calls, std::uint64_t free_readings);

}  // namespace sb::intercept
