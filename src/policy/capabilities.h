// Which capabilities this process has.
// Must not change any: launch/inside does, by raw calls.
#pragma once

#include <initializer_list>

namespace sb::policy {

// Whether all of these (CAP_* numbers of linux/capability.h) are in effect.
bool has_effective_capabilities(std::initializer_list<int> capabilities);

}  // namespace sb::policy
