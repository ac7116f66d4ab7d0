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
  sys::Fd memory;                 // where the target's stdin is a file in memory: to fill it by
  sys::Fd output;                 // read ends
  sys::Fd error;                  // invalid where stderr goes into stdout's pipe
  sys::Fd output_file;            // where the bytes go on to, if they go to a file of ours
  sys::Fd error_file;
  sys::FdRef output_sink;  // a file above, the caller's 1 or 2, or invalid: captured
  sys::FdRef error_sink;
};

// What the target's stdin is, whatever comes through it.
enum class InputShape { null, memory, pipe };
InputShape shape_of(policy::InputKind kind);

// The target's descriptors and our ends, without what they carry: that is fill_stdio's, which may
// come once the target is there, but before it is the program. Errors: io.stdin, io.output.
Result<Stdio> make_stdio(InputShape input, bool error_to_output);
// Errors: as make_stdio; with ECANCELED where a signal to end came first.
// `doubtful`: where no link is followed.
Result<Done> fill_stdio(const policy::Stdio& wanted, const sys::Doubtful& doubtful, Stdio& stdio);

}  // namespace sb::supervise
