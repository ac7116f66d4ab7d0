// The lines of /proc/PID/mountinfo, one at a time, without allocating.
// Must not act on what it reads: remount.cc does.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "launch/inside/protocol.h"

namespace sb::inside {

struct MountReader {
  int fd;
  size_t at;
  size_t size;
  char data[4096];
};

struct MountEntry {
  uint64_t id;
  uint64_t parent;
  bool is_private;
  char point[longest_path];
};

// Returns 1 with an entry, 0 at the end, -1 with errno set: EBADMSG for what is no such line.
int read_mount(MountReader& reader, MountEntry& entry);

}  // namespace sb::inside
