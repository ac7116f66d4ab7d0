// Whether a directory and all below it belong to one user and group.
// Must not follow a link, nor open what is no directory.
#pragma once

#include <string>

#include <sys/types.h>

namespace sb::sys {

// False, too, where something can't be looked at, and where there is more than can be.
bool is_all_of(const std::string& directory, uid_t uid, gid_t gid);

}  // namespace sb::sys
