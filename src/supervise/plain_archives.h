// Archives that gzip, xz, zstd, bzip2 or zip packed, made plain tar before the run by the host's
// bsdtar, in a sandbox of its own.
// Must not read them here: their bytes are a stranger's.
#pragma once

#include <vector>

#include "base/error.h"
#include "policy/host_facts.h"
#include "policy/spec.h"
#include "supervise/supervisor.h"
#include "sys/fd.h"

namespace sb::supervise {

// Has `spec` put plain archives inside, which are in memory as long as what this returns. Errors:
// files.source, files.archive, files.put, host.unsupported where there is no bsdtar, and those of
// a run; with ECANCELED where a signal to end came first.
Result<std::vector<sys::Fd>> make_archives_plain(policy::Spec& spec, const policy::HostFacts& facts,
                                                 const Channels& channels);

// One of them to the file `plain`, of at most `most` bytes. Errors: as above.
Result<Done> make_plain(const policy::FileToPut& archive, sys::FdRef from, sys::FdRef plain,
                        std::uint64_t most, policy::IdMode ids, const policy::HostFacts& facts,
                        sys::FdRef signals);

}  // namespace sb::supervise
