// Descriptors that come and go with messages on Unix sockets (unix(7), SCM_RIGHTS).
// Must not send or receive: who does knows how long it may wait.
#pragma once

#include <array>
#include <span>
#include <vector>

#include <sys/socket.h>

#include "sys/fd.h"

namespace sb::sys {

// Takes every descriptor that came with a message that was received: where recvmsg(2) failed, its
// room holds what it held before. Why: one that is left where the kernel put it stays open, and
// who sends enough of them has us run out of numbers. Kernel: the room for one descriptor, aligned,
// is room for two.
std::vector<Fd> take_passed_fds(msghdr& message);

// Limit: of descriptors that go with one message.
inline constexpr std::size_t most_passed_fds = 16;

// The control data that hands descriptors over. Borrows nothing of the message's but points it
// here.
class PassedFds {
 public:
  // At most most_passed_fds; none leaves the message as it is.
  PassedFds(msghdr& message, std::span<const FdRef> fds);
  PassedFds(const PassedFds&) = delete;
  PassedFds& operator=(const PassedFds&) = delete;

 private:
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_passed_fds * sizeof(int))> space_{};
};

}  // namespace sb::sys
