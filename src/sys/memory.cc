#include "sys/memory.h"

#include <cstdint>

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace sb::sys {

// Why not inlined: all that is alive must be above this function's own frame.
[[gnu::noinline]] void give_back_memory() {
  (void)::malloc_trim(0);
  // Limit: of how deep calls go. Kernel: between a stack and what is mapped below it lies a gap of
  // at least 128 MiB; what is not mapped is skipped (ENOMEM).
  constexpr std::uintptr_t depth = 1 << 20;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  // Safety: a page is left for this frame and for the red zone below it (x86-64 ABI: 128 bytes).
  const std::uintptr_t end =
      (reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & ~(page - 1)) - page;
  (void)::madvise(reinterpret_cast<void*>(end - depth), depth, MADV_DONTNEED);
}

}  // namespace sb::sys
