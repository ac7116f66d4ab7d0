// A plain tar archive, read piece by piece from the supervisor, to files below a directory.
// Must not write anywhere else, whatever the archive says. What can't be done ends this process,
// which tells the supervisor why (PutAnswer).
#pragma once

#include <stdint.h>

#include "launch/inside/plan.h"

namespace sb::inside {

// The socket by which it is fed.
void start_unpacking(int feed);
// The next source, of the steps that put files inside; `root`: the sandbox's.
void unpack(uint32_t source, int root, const PutStep& step);
[[noreturn]] void end_unpacking(int err);

}  // namespace sb::inside
