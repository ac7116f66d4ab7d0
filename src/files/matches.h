// Which files inside a pattern means.
// Must not follow a link, and gives up on what has no end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::files {

// Whether it has *, ? or [.
bool is_pattern(const std::string& path);

struct Matches {
  std::vector<std::string> paths;  // absolute, in order; of files and of whatever else has the name
  int err = 0;                     // of a directory; E2BIG: there were more than can be looked at
};

// Below `root`, with the rights of `reader`. As in a shell: * does not stand for a slash, nor for a
// dot at the start of a name.
Matches matches_of(sys::FdRef root, const std::string& pattern,
                   const std::optional<policy::Owner>& reader);

}  // namespace sb::files
