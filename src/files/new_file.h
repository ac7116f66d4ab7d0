// NewFile: a file of the caller's that appears whole under its name, or not at all.
// Must not follow what has that name: it is replaced.
#pragma once

#include <string>

#include <sys/types.h>

#include "sys/fd.h"

namespace sb::files {

class NewFile {
 public:
  // In `directory`, which outlives this. err() says whether it could be made.
  NewFile(sys::FdRef directory, std::string name, mode_t mode);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  int err() const { return err_; }
  sys::FdRef fd() const { return fd_.ref(); }
  // Gives it its name; errno or 0. Without this nothing is left of it.
  int commit();

 private:
  int give_name(const std::string& name) const;

  sys::FdRef directory_;
  std::string name_;
  std::string temporary_;
  sys::Fd fd_;
  int err_ = 0;
  bool has_name_ = false;  // the temporary one
};

}  // namespace sb::files
