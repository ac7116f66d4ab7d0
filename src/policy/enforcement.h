// By what each limit of a run is enforced on this host: a cgroup, an rlimit, or nothing.
// Must not write any of them: cgroup/ and launch/ do.
#pragma once

#include "base/error.h"
#include "policy/host_facts.h"
#include "policy/spec.h"

namespace sb::policy {

// Fills spec.cgroup_limits and spec.rlimits from spec.limits. A limit that nothing here can enforce
// is refused, or, with best_effort, approximated by an rlimit of each process or dropped, with a
// warning. Errors: host.no_cgroup, host.no_*_controller.
Result<Done> resolve_enforcement(const HostFacts& facts, Spec& spec);

}  // namespace sb::policy
