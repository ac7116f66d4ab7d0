#include "launch/packets.h"

#include <cerrno>
#include <vector>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/passed_fds.h"

namespace sb::launch {
Result<std::optional<Received>> receive_packet(sys::FdRef control) {
  Received received;
  iovec data{.iov_base = &received.message, .iov_len = sizeof received.message};
  alignas(cmsghdr) char space[CMSG_SPACE(inside::started_fds * sizeof(int))];
  msghdr packet{};
  packet.msg_iov = &data;
  packet.msg_iovlen = 1;
  packet.msg_control = space;
  packet.msg_controllen = sizeof space;
  ssize_t got = 0;
  do {
    got = ::recvmsg(control.number(), &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) {
    return std::optional<Received>();
  }
  const char* const ended = "waiting for init, which ended";
  if (got < 0) {
    // Kernel: ECONNRESET where init died before it had read all that it was sent.
    return errno == ECONNRESET ? Error(Tag::launch_died, ended)
                               : Error(Tag::launch_protocol, "receiving from init", errno);
  }
  // Safety: only now has the kernel written there. Why before the end is told: an empty packet
  // looks like it, and may bring some.
  std::vector<sys::Fd> descriptors = sys::take_passed_fds(packet);
  if (got == 0) {
    return Error(Tag::launch_died, ended);
  }
  if (got != sizeof received.message || (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
      (!descriptors.empty() && descriptors.size() != inside::started_fds)) {
    return Error(Tag::launch_protocol, "reading a packet of init's of the wrong size");
  }
  if (!descriptors.empty()) {
    received.pidfd = std::move(descriptors[0]);
    received.root = std::move(descriptors[1]);
    received.scratch = std::move(descriptors[2]);
  }
  return std::optional<Received>(std::move(received));
}

bool has_report(sys::FdRef error_pipe) {
  int bytes = 0;
  return ::ioctl(error_pipe.number(), FIONREAD, &bytes) == 0 && bytes > 0;
}

Result<std::optional<inside::StageReport>> read_report(sys::FdRef error_pipe) {
  // Limit: how long the pipe may stay open and empty where its end is due.
  constexpr int patience_ms = 5'000;
  pollfd polled{.fd = error_pipe.number(), .events = POLLIN, .revents = 0};
  if (::poll(&polled, 1, patience_ms) == 0) {
    return Error(Tag::launch_protocol, "waiting for the end of the launch", ETIMEDOUT);
  }
  inside::StageReport report{};
  ssize_t got = 0;
  do {
    got = ::read(error_pipe.number(), &report, sizeof report);
  } while (got < 0 && errno == EINTR);
  if (got == 0) {
    return std::optional<inside::StageReport>();
  }
  if (got != sizeof report) {
    return Error(Tag::launch_protocol, "reading a report from inside", got < 0 ? errno : 0);
  }
  return std::optional<inside::StageReport>(report);
}

}  // namespace sb::launch
