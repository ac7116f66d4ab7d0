#include "files/new_file.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/process.h"

namespace sb::files {

NewFile::NewFile(sys::FdRef directory, std::string name, mode_t mode)
    : directory_(directory),
      name_(std::move(name)),
      // Why the time: a program that may write there could take a name that it can guess. Why not
      // the whole name: it may be as long as names can be.
      temporary_(
          fmt::format(".{}.{}.{:x}.tmp", name_.substr(0, 100), ::getpid(), sys::monotonic_ns())) {
  // Why without a name: nothing is left of it if we are killed. Kernel: not every file system has
  // that (open(2), O_TMPFILE).
  sys::OpenResult file = sys::open_at(directory_, ".", O_WRONLY | O_TMPFILE, mode);
  has_name_ = file.err != 0;
  if (has_name_) {
    file = sys::open_at(directory_, temporary_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    has_name_ = file.err == 0;
  }
  err_ = file.err;
  fd_ = std::move(file.fd);
}

int NewFile::give_name(const std::string& name) const {
  const std::string handle = fmt::format("/proc/self/fd/{}", fd_.number());
  return ::linkat(AT_FDCWD, handle.c_str(), directory_.number(), name.c_str(), AT_SYMLINK_FOLLOW) ==
                 0
             ? 0
             : errno;
}

int NewFile::commit() {
  if (!has_name_) {
    int err = give_name(name_);
    if (err != EEXIST) {
      return err;
    }
    err = give_name(temporary_);
    if (err != 0) {
      return err;
    }
    has_name_ = true;
  }
  // Kernel: a link, a pipe or whatever else has that name now is replaced and never followed.
  if (::renameat(directory_.number(), temporary_.c_str(), directory_.number(), name_.c_str()) !=
      0) {
    return errno;
  }
  has_name_ = false;
  return 0;
}

NewFile::~NewFile() {
  if (has_name_) {
    (void)::unlinkat(directory_.number(), temporary_.c_str(), 0);
  }
}

}  // namespace sb::files
