// SyscallPolicy to BPF. compile.cc is the only user of libseccomp.
// Must not install filters (launch/inside does).
#pragma once

#include "base/error.h"
#include "policy/syscall_policy.h"
#include "seccomp/program.h"

namespace sb::seccomp {

enum class KillMode {
  // No listener: the kernel ends the process, and nobody learns which call it was. A refusal with
  // an errno stays one, unlisted; a call to be recorded and let run is a kill, since nothing would
  // record it.
  kill_process,
  // Kills, foreign ABIs and calls to be recorded become notifications.
  notify,
};

// With notify, kill(-1, SIGKILL, waiting_cookie) is always a notification, whatever the policy says
// of kill: it is how our own code waits under the filter (launch/inside/guard.cc).
// Errors: seccomp_compile.
Result<BpfProgram> compile(const policy::SyscallPolicy& policy, KillMode mode,
                           std::uint32_t waiting_cookie = 0);

}  // namespace sb::seccomp
