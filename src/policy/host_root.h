// Which directories of the host make the root inside.
// Must not mount anything.
#pragma once

#include <string>

#include "base/error.h"
#include "policy/spec.h"

namespace sb::policy {

// root = "host": the system's directories, read-only, and what of /etc programs can't do without.
void add_host_root(Files& files);

// root = PATH: all of the directory's entries but those that the sandbox makes itself, read-only;
// links among them are made anew, so that they lead nowhere else. Errors: files.source.
Result<Done> add_given_root(Files& files, const std::string& path);

}  // namespace sb::policy
