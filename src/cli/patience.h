// Writing to a reader that may never read, once the run is over and signals end nothing else.
// Must not hold what it writes.
#pragma once

#include <string_view>

#include "sys/fd.h"

namespace sb::cli {

// As sys::write_all; a signal to end gives up on a reader that makes us wait: ECANCELED. `signals`
// may be invalid. So does a wait of more than `patience_ms`: ETIMEDOUT.
int write_patiently(sys::FdRef fd, std::string_view bytes, sys::FdRef signals,
                    int patience_ms = -1);

}  // namespace sb::cli
