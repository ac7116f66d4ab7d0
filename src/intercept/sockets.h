// Timeouts of sockets (SO_RCVTIMEO, SO_SNDTIMEO): how they are kept, and which calls they end.
// Must not trace, nor know when a wait began: socket_calls.cc does.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include "sys/fd.h"

namespace sb::intercept {

// A system call that may wait for a socket.
struct SocketRow {
  int number;
  unsigned argument;  // that has the descriptor
  bool sends;         // SO_SNDTIMEO ends it; else SO_RCVTIMEO
};
// nullptr: none. `place`: some may wait for either of two.
const SocketRow* find_socket_call(long number, unsigned place = 0);

// The socket behind a descriptor of a thread's; not valid where it is none, or can't be taken.
struct TakenSocket {
  sys::Fd fd;
  bool refused = false;  // it is there, and not to be had
};
TakenSocket take_socket(pid_t tid, pid_t process, int fd);

// Kernel: a timeout belongs to the socket, whoever has it, and a connection inherits that of the
// socket that accepted it. So it is kept there, as one so long that it never ends, and the
// microseconds that were asked for are what it is longer by.
struct SocketTimeout {
  std::uint64_t us = 0;
};
// Sets it; an errno, or 0.
int set_timeout(sys::FdRef socket, int option, SocketTimeout timeout);
// nullopt: there is none, or one of the kernel's.
std::optional<SocketTimeout> timeout_of(sys::FdRef socket, int option);
// What the call returns once that is over.
int timeout_errno(sys::FdRef socket, long number);

}  // namespace sb::intercept
