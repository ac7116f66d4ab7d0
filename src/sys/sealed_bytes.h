// SealedBytes: bytes that nobody can change any more, in a sealed file in memory (memfd_create(2)).
// Must not be made of what is to change, nor written to a disk.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::sys {

class SealedBytes {
 public:
  // `name`: what /proc shows it as. Errors: `tag`.
  static Result<std::shared_ptr<const SealedBytes>> make(const char* name, std::string_view bytes,
                                                         Tag tag);
  SealedBytes(const SealedBytes&) = delete;
  SealedBytes& operator=(const SealedBytes&) = delete;
  ~SealedBytes();

  std::string_view view() const { return view_; }
  // Another descriptor, read-only and at the start. Errors: `tag`.
  Result<Fd> reopen(Tag tag) const;

 private:
  SealedBytes(Fd fd, std::string_view view) : fd_(std::move(fd)), view_(view) {}

  Fd fd_;
  std::string_view view_;  // mapped
};

}  // namespace sb::sys
