// One run from a spec to its outcome: makes what the sandbox needs, starts it, watches it.
// Must not print, and must not know where the spec came from.
#pragma once

#include <cstdint>
#include <memory>

#include "policy/host_facts.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "supervise/attempt.h"

namespace sb::supervise {

// Always gives an outcome; what the sandbox itself could not do is in it as `error`. `created_ns`:
// the CLOCK_MONOTONIC start of the command. `left`: takes what remains to be taken down, which else
// is done first.
result::Outcome run(const policy::Spec& spec, const policy::HostFacts& facts,
                    const Channels& channels, std::uint64_t created_ns,
                    std::unique_ptr<Attempt>* left = nullptr);

// An outcome for what failed before anything was started.
result::Outcome outcome_of_error(Error error);
// The same of what a signal to end may have cut short (ECANCELED), which is no error.
result::Outcome outcome_of_preparation(Error error);

// What an outcome says of the sandbox itself.
result::SandboxInfo info_of(const policy::Spec& spec, const policy::HostFacts& facts);

}  // namespace sb::supervise
