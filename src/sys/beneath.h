// Opening what somebody else may have made: below a directory, through no link of any kind.
// Must not decide what may be opened: who asks says below what, and with whose rights.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "sys/fd.h"
#include "sys/files.h"

namespace sb::sys {

// openat2(2) with RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS; "" is the directory itself.
OpenResult open_beneath(FdRef directory, const std::string& path, int flags, mode_t mode = 0);

// A regular file below it, to be read. Opens nothing else, not even to look: a pipe or a device
// is ENXIO, a directory EISDIR.
OpenResult open_file_beneath(FdRef directory, const std::string& path);

// While it lives, this thread's rights to files are those of a host user without further groups.
// Why not those of root's supervisor: the program may have put a name of its own on another's file.
class FileRights {
 public:
  FileRights(std::uint32_t uid, std::uint32_t gid);
  FileRights(const FileRights&) = delete;
  FileRights& operator=(const FileRights&) = delete;
  ~FileRights();

  int err() const { return err_; }  // not 0: nothing was changed, and nothing may be opened

 private:
  std::vector<gid_t> groups_;
  bool left_groups_ = false;
  int err_ = 0;
};

}  // namespace sb::sys
