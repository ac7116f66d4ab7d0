// One comparison of an OCI seccomp object as masked equalities.
// Must not know calls or documents.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "policy/profile.h"

namespace sb::policy {

// `grants`: the rule lets the call through. Then high bits that libseccomp would compare and the
// kernel ignores must be clear; in a rule that refuses, any will do. Thus an int argument can't be
// dressed up to pass. An empty list: no argument satisfies it. nullopt: no such operator.
std::optional<std::vector<MaskedValue>> masked_values(std::string_view op, std::uint64_t value,
                                                      std::uint64_t value_two, bool grants);

}  // namespace sb::policy
