// Profile + request + host facts to a complete spec. Everything that can't be done on this host is
// refused here, before anything is made.
// Must not change anything outside this process.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "policy/host_facts.h"
#include "policy/profile.h"
#include "policy/request.h"
#include "policy/spec.h"

namespace sb::policy {

// Makes a directory of an archive that is to be a root, and keeps it under `cache`, which may be
// empty: there is no place for it.
using UnpackRoot = std::function<Result<std::string>(const std::string& archive,
                                                     const std::string& cache, IdMode ids)>;

// `unpack_root`: none: an archive is no root. Errors: usage, profile.*, files.*, host.*,
// program.not_found, program.not_executable.
Result<Spec> resolve(const Request& request, const HostFacts& facts,
                     const UnpackRoot& unpack_root = nullptr);

// The doubtful directories (policy/doubtful.h) of a request, also of one that can't be resolved.
sys::Doubtful doubtful_of(const Request& request);

// spec.syscalls, or, where a prepared profile left it unread, what the profile says; with the rules
// of set_id_bits.h where the spec asks for them.
// Why: only a violation's report needs it; reading it costs as much as a launch.
Result<SyscallPolicy> syscalls_of(const Spec& spec);

}  // namespace sb::policy
