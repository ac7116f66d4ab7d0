// Finding the program: the caller's file, or a name on the PATH inside.
// Must not run or open it.
#pragma once

#include <string>

#include "base/error.h"
#include "policy/request.h"
#include "policy/spec.h"

namespace sb::policy {

// Fills spec.command.path_inside and argv[0], and adds the mount that shows the caller's file
// where it is not visible anyhow. `path` is the PATH inside.
// Errors: program.not_found, program.not_executable; the hint names the places looked in.
Result<Done> find_program(const Request& request, const std::string& path, Spec& spec);

}  // namespace sb::policy
