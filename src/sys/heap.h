// OwnHeap: while it lives, a process that is cloned gets no copy of what malloc holds.
// Must not live where the clone allocates, frees or reads what was allocated.
#pragma once

#include <cstdint>

namespace sb::sys {

// Why: what a supervisor knows of other runs is not in a sandbox's processes, not even for a
// moment; and none of its pages is copied when it writes to them again.
// Limit: memory that malloc maps by itself, 128 KiB at a time and more, is copied as ever. Where
// the kernel refuses, all is. (madvise(2): MADV_DONTFORK)
class OwnHeap {
 public:
  OwnHeap();
  OwnHeap(const OwnHeap&) = delete;
  OwnHeap& operator=(const OwnHeap&) = delete;
  ~OwnHeap();

 private:
  void advise(int advice) const;

  std::uintptr_t begin_;
  std::uintptr_t end_;
};

}  // namespace sb::sys
