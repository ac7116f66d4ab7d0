#include "sys/heap.h"

#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

namespace sb::sys {
namespace {

// Why not the heap's begin: in a static program libc has its thread's own variables there, errno
// and the stack's guard among them, which a clone needs. They come before whatever is allocated.
const void* const early = std::malloc(1);

std::uintptr_t page_after(std::uintptr_t address) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return (address + page - 1) & ~(page - 1);
}

}  // namespace

OwnHeap::OwnHeap()
    : begin_(page_after(reinterpret_cast<std::uintptr_t>(early))),
      end_(reinterpret_cast<std::uintptr_t>(::sbrk(0)) & ~(page_after(1) - 1)) {
  // Why asked: another allocator, a sanitizer's, has its memory elsewhere.
  if (early == nullptr || begin_ >= end_) {
    end_ = begin_;
  }
  advise(MADV_DONTFORK);
}

OwnHeap::~OwnHeap() { advise(MADV_DOFORK); }

void OwnHeap::advise(int advice) const {
  if (begin_ < end_) {
    (void)::madvise(reinterpret_cast<void*>(begin_), end_ - begin_, advice);
  }
}

}  // namespace sb::sys
