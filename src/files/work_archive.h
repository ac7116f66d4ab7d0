// What a program left in a directory of its sandbox as an archive, for the next sandbox.
// Must not be called while anything runs there.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::files {

// A memfd with a plain tar archive of what `reader` (none: we) may read below `path`, beneath
// `root`. Limit: `most` bytes, since files may be sparse. Errors: files.put.
Result<sys::Fd> archive_of_work(sys::FdRef root, const std::string& path,
                                const std::optional<policy::Owner>& reader, std::uint64_t most);

}  // namespace sb::files
