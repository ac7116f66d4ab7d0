// PlanPages: the memory that a Plan and all that it points to lie in, apart from the heap.
// Must hold nothing that needs a destructor: all of it goes at once, with the owner.
#pragma once

#include <algorithm>
#include <memory_resource>
#include <span>
#include <string_view>

namespace sb::launch {

// Why apart: init and the target get a copy of these pages, and of the heap none (sys/heap.h).
class PlanPages {
 public:
  template <class T>
  T& make() {
    return *std::pmr::polymorphic_allocator<>(&pages_).new_object<T>();
  }
  // Copies, which stay where they are. (std::bad_alloc)
  char* keep(std::string_view text);
  template <class T>
  std::span<T> keep_all(std::span<const T> items) {
    T* const place = std::pmr::polymorphic_allocator<>(&pages_).allocate_object<T>(items.size());
    std::copy(items.begin(), items.end(), place);
    return {place, items.size()};
  }

 private:
  // Pages of the kernel's, fresh ones each time. (mmap(2))
  class Mapped : public std::pmr::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* start, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  };

  // Kernel: pages that nobody touches cost nothing.
  static constexpr std::size_t first_size = 256 << 10;
  Mapped mapped_;
  std::pmr::monotonic_buffer_resource pages_{first_size, &mapped_};
};

}  // namespace sb::launch
