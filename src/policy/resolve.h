// Profile + request + host facts to a complete spec. Everything that can't be done on this host is
// refused here, before anything is made.
// Must not change anything outside this process.
#pragma once

#include "base/error.h"
#include "policy/host_facts.h"
#include "policy/profile.h"
#include "policy/request.h"
#include "policy/spec.h"

namespace sb::policy {

// Errors: usage, profile.*, files.*, host.*, program.not_found, program.not_executable.
Result<Spec> resolve(const Request& request, const HostFacts& facts);

}  // namespace sb::policy
