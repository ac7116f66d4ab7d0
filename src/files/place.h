// Place: where on the host something is to be saved, held from before the program runs.
// Must not write there.
#pragma once

#include <string>

#include "base/error.h"
#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::files {

struct Place {
  sys::Fd directory;  // held open: what its path leads to later is another matter
  std::string name;   // in it
  std::string shown;  // as the caller wrote it
};

// Links are followed now, but none in a doubtful directory, and never again. In a directory it is a
// file of the source's name. Errors: io.output.
Result<Place> settle_place(const policy::FileToGet& get, const sys::Doubtful& doubtful);

}  // namespace sb::files
