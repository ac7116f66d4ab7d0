// The filter that stops a traced program at the calls that have to do with time.
// Must not allow or forbid anything: the policy's filter, beside it, does that.
#pragma once

#include "seccomp/program.h"

namespace sb::intercept {

// What SECCOMP_RET_TRACE says of such a stop: others than ours are those of the program's own
// filters.
inline constexpr unsigned trace_mark = 0x5654;

// `order`: also writing to descriptor 2, and putting another file in the place of 1 or 2, so that
// the order of the two streams is known.
// Kernel: every other verdict wins over TRACE (seccomp(2)), so that what the policy refuses or
// notifies stays what it is.
seccomp::BpfProgram trace_filter(bool order);

}  // namespace sb::intercept
