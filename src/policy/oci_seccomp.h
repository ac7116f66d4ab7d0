// An OCI seccomp object (runtime-spec linux.seccomp, also as Docker writes it) to a SyscallLayer.
// Must not find or read files.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/profile.h"

namespace sb::policy {

struct OciPolicy {
  SyscallAction default_action;
  SyscallLayer layer;
};

// Entries for capabilities, other architectures or newer kernels (Docker's includes and excludes)
// are left out as Docker does for a container that has no capability. Tests of arguments never
// grant more than the object does, whatever is in the high half of an int (pitfall 9).
// Errors: profile_syntax, profile_value, profile_unknown_syscall.
Result<OciPolicy> read_oci_seccomp(std::string_view text, const std::string& source);

}  // namespace sb::policy
