#include "seccomp/actions.h"

#include <linux/seccomp.h>

namespace sb::seccomp {

std::uint32_t return_value(const policy::SyscallAction& action, KillMode mode) {
  const std::uint32_t refused =
      SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(action.err) & SECCOMP_RET_DATA);
  const std::uint32_t stopped =
      mode == KillMode::notify ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;
  switch (action.kind) {
    case policy::ActionKind::allow:
      return SECCOMP_RET_ALLOW;
    case policy::ActionKind::err:
      return refused;
    case policy::ActionKind::notify:
      return mode == KillMode::kill_process && action.err != 0 ? refused : stopped;
    case policy::ActionKind::kill:
      return stopped;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

}  // namespace sb::seccomp
