// Archives that are roots: unpacked once, by a confined process, to a directory that only this user
// can write, and shared by all runs.
// Must not read an archive's headers here: they are a stranger's.
#pragma once

#include "policy/host_facts.h"
#include "policy/resolve.h"

namespace sb::supervise {

// For policy::resolve(). What it has made is not removed while this process lives, nor a sandbox of
// it. Errors: files.source, files.archive, files.put; those of make_plain(). `facts` outlives it.
policy::UnpackRoot root_unpacker(const policy::HostFacts& facts);

}  // namespace sb::supervise
