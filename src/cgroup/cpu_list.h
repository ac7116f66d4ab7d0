// Lists of CPUs as cgroup files write them: "0-1,3".
// Must not read any file.
#pragma once

#include <optional>
#include <set>
#include <string_view>

namespace sb::cgroup {

// nullopt: no such list, or a CPU above 8191, the highest that x86-64 kernels are built for. An
// empty list is no CPU.
std::optional<std::set<unsigned>> parse_cpu_list(std::string_view text);

}  // namespace sb::cgroup
