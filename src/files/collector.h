// Collector: copies files out of a sandbox in which nothing runs any more.
// Must not follow, wait for or believe anything that the program left there (pitfalls 3 and 4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "files/place.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "sys/fd.h"

namespace sb::files {

class Collector {
 public:
  Collector() = default;
  // Before the program runs. Errors: io.output.
  static Result<Collector> settle(const policy::Files& files);

  // Reads with this host user's rights: those that the program had. Without it, with our own.
  void read_as(policy::Owner reader) { reader_ = reader; }
  const std::optional<policy::Owner>& reader() const { return reader_; }

  struct Collected {
    std::vector<result::SavedFile> files;  // one for each that was wanted
    std::vector<std::string> warnings;
  };
  // Ends early where somebody wants us to end. `root` is the sandbox's.
  Collected collect(sys::FdRef root) const;

 private:
  result::SavedFile save(sys::FdRef root, std::size_t number) const;

  std::vector<policy::FileToGet> wanted_;
  std::vector<Place> places_;
  std::optional<policy::Owner> reader_;
};

}  // namespace sb::files
