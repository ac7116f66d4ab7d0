// The system calls that init still needs once the target runs, as its own small filter.
// Must not allow more than init.cc's serve() makes.
#pragma once

namespace sb::inside {

// Loads the filter for the calling process; false with errno set where the kernel refuses.
bool install_init_filter();

}  // namespace sb::inside
