// BpfProgram: a filter as the kernel takes it. Must not know where it came from.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace sb::seccomp {

struct BpfProgram {
  std::vector<sock_filter> instructions;
};

}  // namespace sb::seccomp
