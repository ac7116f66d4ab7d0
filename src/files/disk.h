// How much of the file system in memory is used.
// Must not know what for.
#pragma once

#include "base/error.h"
#include "result/outcome.h"
#include "sys/fd.h"

namespace sb::files {

// What the kernel says of it now; nothing of what has no limit, and no limit of bytes.
// Errors: host.unreadable.
Result<result::DiskUsage> disk_usage(sys::FdRef file_system);

// What came on top of `before`.
result::DiskUsage difference(const result::DiskUsage& now, const result::DiskUsage& before);

}  // namespace sb::files
