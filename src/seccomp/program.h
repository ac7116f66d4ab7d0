// BpfProgram: a filter as the kernel takes it, a list of instructions.
// Must not know where it came from or install it.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace sb::seccomp {

struct BpfProgram {
  std::vector<sock_filter> instructions;
};

}  // namespace sb::seccomp
