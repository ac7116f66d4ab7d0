// Location: where a path leads, its links followed one by one, and none that a program could have
// made.
// Must not decide which directories a program could write to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

#include "sys/fd.h"
#include "sys/files.h"

namespace sb::sys {

// Directories in which, and below which, no link is followed: a run before may have put it there,
// and one beside may now.
struct DirectoryId {
  dev_t device;
  ino_t inode;
  bool writable;  // also by the run that this is for
};
using Doubtful = std::vector<DirectoryId>;

struct Location {
  Fd directory;           // O_PATH, held: what its path leads to later is another matter
  std::string name;       // in it, and no link then; "." is the directory itself
  bool follows = false;   // a link of /proc to what has no path, such as a pipe
  bool doubtful = false;  // the directory is such a one, or lies in one
  bool writable = false;  // and in one that is writable
  int err = 0;            // ELOOP with `doubtful`: a link that is not followed

  // What is there. nullopt: nothing, or it can't be told.
  std::optional<struct ::stat> status() const;
  // Both: the error of a location is that of opening it.
  // Through no link that has come since. (open(2))
  OpenResult open(int flags, mode_t mode = 0) const;
  // As sys::open_for_writing; in a doubtful directory a regular file only: ENXIO.
  OpenResult open_for_writing(int flags, mode_t mode) const;
};

// `path`: the caller's, whose rights its links are followed with, as open(2) would (also by
// fs.protected_symlinks). The last part need not be there.
Location locate(const std::string& path, const Doubtful& doubtful);

}  // namespace sb::sys
