// One run from a spec to its outcome: makes what the sandbox needs, starts it, watches it.
// Must not print, and must not know where the spec came from.
#pragma once

#include "policy/host_facts.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "sys/fd.h"

namespace sb::supervise {

struct Channels {
  sys::FdRef signals;      // the signalfd of sys::take_signals()
  sys::FdRef events = {};  // where the caller is told what happens, but for the result; may be none
};

// Always gives an outcome; what the sandbox itself could not do is in it as `error`. `created_ns`:
// the CLOCK_MONOTONIC start of the command.
result::Outcome run(const policy::Spec& spec, const policy::HostFacts& facts,
                    const Channels& channels, std::uint64_t created_ns);

// An outcome for what failed before anything was started.
result::Outcome outcome_of_error(Error error);

}  // namespace sb::supervise
