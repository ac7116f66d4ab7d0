// Supply: what is put inside a sandbox, as the pieces that its helper reads (inside/protocol.h).
// Must not send them, nor believe what an archive says: it passes bytes on.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "files/tar_of_tree.h"
#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::files {

class Supply {
 public:
  Supply() = default;
  // Opens every source with the caller's rights. Never waits: pipes and devices are refused.
  // Errors: files.source.
  static Result<Supply> open(const policy::Files& files);

  std::size_t size() const { return sources_.size(); }
  // Appends the next piece, with its size before it. False: there are no more.
  // Errors: files.source.
  Result<bool> next(std::string& pieces);

  // What was left out, for the result.
  const std::vector<std::string>& warnings() const { return warnings_; }
  const policy::FileToPut& wanted(std::size_t number) const { return sources_.at(number).wanted; }

 private:
  struct Source {
    policy::FileToPut wanted;
    std::variant<TarOfTree, sys::Fd> from;  // or a tar archive as it is
  };

  static Result<Source> open_one(const policy::FileToPut& wanted, const sys::Doubtful& doubtful);
  Result<bool> read(Source& source, std::string& piece);
  void end_source(const Source& source);

  std::vector<Source> sources_;
  std::size_t at_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace sb::files
