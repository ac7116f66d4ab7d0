#include "sys/sealed_bytes.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>

#include "sys/files.h"

namespace sb::sys {

Result<std::shared_ptr<const SealedBytes>> SealedBytes::make(const char* name,
                                                             std::string_view bytes, Tag tag) {
  Fd fd = TRY(sealed_memfd_of(name, bytes, tag));
  if (bytes.empty()) {
    return std::shared_ptr<const SealedBytes>(new SealedBytes(std::move(fd), {}));
  }
  void* const start = ::mmap(nullptr, bytes.size(), PROT_READ, MAP_PRIVATE, fd.number(), 0);
  if (start == MAP_FAILED) {
    return Error(tag, "mapping an in-memory file", errno);
  }
  return std::shared_ptr<const SealedBytes>(
      new SealedBytes(std::move(fd), {static_cast<const char*>(start), bytes.size()}));
}

SealedBytes::~SealedBytes() {
  if (!view_.empty()) {
    // Safety: it was mapped by make(), and is const for others only.
    (void)::munmap(const_cast<char*>(view_.data()), view_.size());
  }
}

Result<Fd> SealedBytes::reopen(Tag tag) const {
  OpenResult opened = open_path(fmt::format("/proc/self/fd/{}", fd_.number()), O_RDONLY);
  if (opened.err != 0) {
    return Error(tag, "reopening an in-memory file", opened.err);
  }
  return std::move(opened.fd);
}

}  // namespace sb::sys
