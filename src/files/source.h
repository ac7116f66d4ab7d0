// What is to be put inside, opened on the host with the caller's rights.
// Must not wait for anything, nor open what is neither a file nor a directory.
#pragma once

#include <string_view>

#include "base/error.h"
#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::files {

Error source_error(const policy::FileToPut& wanted, int err);

// Links are followed, but none in a doubtful directory. Errors: files.source.
Result<sys::Fd> open_source(const policy::FileToPut& wanted, const sys::Doubtful& doubtful);

// The same of one to extract, which is a file. Errors: files.source.
Result<sys::Fd> open_archive(const policy::FileToPut& wanted, const sys::Doubtful& doubtful);

// What packed this file, by its first bytes: "gzip", "zip"; empty: nothing that we know, so that it
// may be a plain tar archive, or none at all.
std::string_view packer_of(sys::FdRef archive);

}  // namespace sb::files
