#include "launch/plan_pages.h"

#include <sys/mman.h>

namespace sb::launch {

void* PlanPages::Mapped::do_allocate(std::size_t bytes, std::size_t alignment) {
  void* const start =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) {
    // Why: which says std::bad_alloc, as the heap does.
    return std::pmr::null_memory_resource()->allocate(bytes, alignment);
  }
  return start;
}

void PlanPages::Mapped::do_deallocate(void* start, std::size_t bytes, std::size_t /*alignment*/) {
  (void)::munmap(start, bytes);
}

char* PlanPages::keep(std::string_view text) {
  auto* const place = static_cast<char*>(pages_.allocate(text.size() + 1, 1));
  text.copy(place, text.size());
  place[text.size()] = '\0';
  return place;
}

}  // namespace sb::launch
