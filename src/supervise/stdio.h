// Stdio: the target's three descriptors and our ends of them, made as the spec says.
// Must not read or write them: Capture and InputPump do.
#pragma once

#include <array>

#include "base/error.h"
#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::supervise {

struct Stdio {
  std::array<sys::Fd, 3> inside;  // the target's 0, 1, 2; closed here once it is started
  sys::Fd input;                  // write end of the target's stdin; invalid: nothing to pump
  sys::Fd output;                 // read ends
  sys::Fd error;                  // invalid where stderr goes into stdout's pipe
  sys::Fd output_file;            // where the bytes go on to, if they go to a file of ours
  sys::Fd error_file;
  sys::FdRef output_sink;  // a file above, the caller's 1 or 2, or invalid: captured
  sys::FdRef error_sink;
};

// Errors: io.stdin, io.output; with ECANCELED where a signal to end came first.
Result<Stdio> open_stdio(const policy::Stdio& wanted);

}  // namespace sb::supervise
