// Limits as `profile explain` shows them, typed in again.
// Must not judge what a limit may be.
#pragma once

#include "policy/profile.h"

namespace sbfuzz {

// Each is taken again, and is the same.
void expect_limits_shown(const sb::policy::Profile& profile);

}  // namespace sbfuzz
