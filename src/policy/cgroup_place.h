// Where on this host a run's groups are to be made: read from /proc, for v1, v2 and hybrid.
// Must not make or change a group: cgroup/ does.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "policy/host_facts.h"

namespace sb::policy {

// Below the caller's own group of each hierarchy, so that its own limits hold for our groups too.
// v2 knows no processes beside subgroups; there the place is (decisions 9):
//   - the parent of the own group, where that is called "sup" (a supervisor that made room);
//   - for root outside any delegated group, /sandbox of the hierarchy;
//   - else the own group, where the supervisor makes room for itself if it is alone in it.
// Errors: host.no_cgroup where `parent` is given and no hierarchy has it.
Result<std::vector<CgroupHierarchy>> probe_cgroups(bool is_root, const std::string& parent);

// The subgroup that a supervisor moves itself to.
inline constexpr const char* supervisor_group = "sup";

}  // namespace sb::policy
