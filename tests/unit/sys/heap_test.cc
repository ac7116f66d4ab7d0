#include "sys/heap.h"

#include <cerrno>
#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "sys/clone.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace sys = sb::sys;

namespace {

constexpr std::uintptr_t page_size = 4096;

// Whether a process cloned now has the page that lies in the midst of `text`.
bool is_cloned(const std::string& text) {
  const std::uintptr_t page =
      (reinterpret_cast<std::uintptr_t>(text.data()) + page_size) & ~(page_size - 1);
  sys::Cloned cloned = sys::clone_process(0);
  if (cloned.pid == 0) {
    unsigned char resident = 0;
    const int result = ::mincore(reinterpret_cast<void*>(page), page_size, &resident);
    ::_exit(result != 0 && errno == ENOMEM ? 1 : 0);
  }
  REQUIRE(cloned.pid > 0);
  const auto ended = cloned.process.wait(10'000);
  REQUIRE(ended);
  return ended->exit_code() == 0;
}

// Why: an allocator of a sanitizer's has its memory elsewhere.
bool is_in_the_heap(const std::string& text) {
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  const auto place = reinterpret_cast<std::uintptr_t>(text.data());
  return place < end && end - place < (64U << 20);
}

}  // namespace

// Red: MADV_DOFORK in the constructor; MADV_DONTFORK in the destructor.
TEST_CASE("heap: what malloc holds is not in a process cloned meanwhile") {
  std::string text(8 * page_size, 'x');
  REQUIRE(is_cloned(text));
  {
    const sys::OwnHeap own;
    CHECK(is_cloned(text) != is_in_the_heap(text));
    text[page_size] = 'y';
  }
  CHECK(is_cloned(text));
  CHECK(text[page_size] == 'y');
}
