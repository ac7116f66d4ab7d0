// Where this user's compiled filters are kept between runs.
// Must not make or read anything there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sb::policy {

// /var/cache/sandbox for root, else sandbox in $XDG_CACHE_HOME or in ~/.cache; empty: nowhere.
// `environment`: "NAME=VALUE".
std::string filter_cache_place(const std::vector<std::string>& environment, std::uint32_t uid);

}  // namespace sb::policy
