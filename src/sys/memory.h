// This process's own memory, given back to the kernel.
// Must not be needed for anything but less memory: what is given back reads as zeros.
#pragma once

namespace sb::sys {

// Free pages of the heap, and the stack below the caller. For a process that rests or clones: pages
// that hold nothing would be kept twice, and copied at the next write. (malloc_trim(3), madvise(2))
void give_back_memory();

}  // namespace sb::sys
