// What comes from inside: packets of init's and reports of stages, read whole or refused.
// Must not believe what they say: supervise/heard.h and stages.h look at that.
#pragma once

#include <optional>

#include "base/error.h"
#include "launch/inside/protocol.h"
#include "sys/fd.h"

namespace sb::launch {

// One packet of init's, checked for length; the descriptors came with `started`, all or none.
struct Received {
  inside::ControlMsg message{};
  sys::Fd pidfd;
  sys::Fd root;     // of the sandbox, not to be read from but to open below
  sys::Fd scratch;  // the file system behind its writable directories
};

// The next packet, nullopt if there is none now; never waits. No descriptor that came with it stays
// open but those. Errors: launch.protocol, launch.died at the end of the socket.
Result<std::optional<Received>> receive_packet(sys::FdRef control);

// Whether there is one; else the pipe is empty or at its end.
bool has_report(sys::FdRef error_pipe);

// The report in the error pipe, if a stage failed. nullopt at its plain end. Waits
// for one of them, a few seconds at most. Errors: launch.protocol.
Result<std::optional<inside::StageReport>> read_report(sys::FdRef error_pipe);

}  // namespace sb::launch
