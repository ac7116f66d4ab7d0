// A seccomp notification as a person reads it: names, arguments, who made the call, why it is
// forbidden. Must not decide anything: what it reads of /proc is data (contract §5).
#pragma once

#include <linux/seccomp.h>

#include "policy/syscall_policy.h"
#include "result/outcome.h"

namespace sb::supervise {

// `action`: "killed", "errno EPERM", "logged".
result::Violation describe_violation(const policy::SyscallPolicy& policy,
                                     const seccomp_notif& notification, std::string action);

}  // namespace sb::supervise
