// The verdict: observations to outcome. Pure: equal facts give equal verdicts.
// Must not read a clock, a file or a counter.
#pragma once

#include "policy/spec.h"
#include "result/outcome.h"
#include "supervise/observations.h"

namespace sb::supervise {

// In order of precedence:
//   1. the sandbox failed (error) - unless the group ran out of memory while it was being set up;
//   2. the supervisor stopped the run, by the first cause it recorded;
//   3. the kernel's out-of-memory killer struck in the group, whoever the victim was;
//   4. the program was over a limit when it ended, though it was too quick to be stopped;
//   5. what became of the program's first process.
result::Outcome decide(const policy::Spec& spec, Observations&& seen);

}  // namespace sb::supervise
