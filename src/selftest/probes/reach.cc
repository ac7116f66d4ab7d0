// Terminals, networks and keyrings: what else of the caller's could be within reach.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "selftest/probes/probe.h"

namespace sb::selftest::probes {
namespace {

// How a connection that is under way ends; EINPROGRESS where it does not.
std::string settled(int fd) {
  pollfd poller{.fd = fd, .events = POLLOUT, .revents = 0};
  int err = 0;
  socklen_t size = sizeof err;
  if (::poll(&poller, 1, 1000) <= 0 || ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0) {
    return "EINPROGRESS";
  }
  return err == 0 ? "ok" : errno_name(err);
}

std::string connect_to(const char* address, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return "no socket: " + outcome_of(-1);
  }
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(port);
  (void)::inet_pton(AF_INET, address, &there.sin_addr);
  // Safety: the kernel reads as much as it is told.
  const auto* const name = reinterpret_cast<const sockaddr*>(&there);
  const bool failed = ::connect(fd, name, sizeof there) != 0;
  std::string outcome = failed && errno == EINPROGRESS ? settled(fd) : outcome_of(failed ? -1 : 0);
  (void)::close(fd);
  return outcome;
}

// To a listener of this process on the loopback.
std::string connect_to_self() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return "no socket: " + outcome_of(-1);
  }
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  // Safety: as above.
  auto* const name = reinterpret_cast<sockaddr*>(&here);
  if (::bind(fd, name, size) != 0 || ::listen(fd, 1) != 0 || ::getsockname(fd, name, &size) != 0) {
    return "no listener: " + outcome_of(-1);
  }
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return outcome_of(::connect(other, name, size));
}

std::string connect_to_name(const std::string& text) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return "no socket: " + outcome_of(-1);
  }
  sockaddr_un there{};
  there.sun_family = AF_UNIX;
  const std::size_t length = std::min(text.size(), sizeof there.sun_path - 1);
  std::memcpy(there.sun_path + 1, text.data(), length);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  // Safety: as above.
  return outcome_of(::connect(fd, reinterpret_cast<const sockaddr*>(&there), size));
}

int type_into(int fd, unsigned long request) {
  int done = 0;
  for (const char* at = "x\n"; *at != '\0'; ++at) {
    done += ::syscall(SYS_ioctl, fd, request, at) == 0 ? 1 : 0;
    // The high half is ignored by the kernel, and by no filter that compares 64 bits.
    done += ::syscall(SYS_ioctl, fd, 0x7fffffff00000000UL | request, at) == 0 ? 1 : 0;
  }
  return done;
}

}  // namespace

int reach(Arguments arguments) {
  if (arguments.size() < 2) {
    return 2;
  }
  tell("self", connect_to_self());
  const auto port = static_cast<std::uint16_t>(std::stoul(arguments[0]));
  tell("host_loopback", connect_to("127.0.0.1", port));
  tell("host_name", connect_to_name(arguments[1]));
  tell("outside", connect_to("192.0.2.1", 80));
  return 0;
}

int type(Arguments) {
  int typed = 0;
  int terminals = 0;
  for (int fd = 0; fd < 64; ++fd) {
    typed += type_into(fd, TIOCSTI);
  }
  for (const char* const path : {"/dev/tty", "/dev/console", "/dev/pts/0", "/proc/1/fd/0"}) {
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    terminals += fd >= 0 ? 1 : 0;
    typed += type_into(fd, TIOCSTI);
    (void)::close(fd);
  }
  tell("typed", typed);
  tell("terminals", terminals);
  return 0;
}

int keys(Arguments) {
  std::array<std::int32_t, 64> content{};
  tell("found", outcome_of(::syscall(SYS_request_key, "user", key_name, nullptr, 0)));
  const long bytes =
      ::syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, content.data(), sizeof content);
  if (bytes < 0) {
    tell("unread", outcome_of(-1));
  } else {
    tell("held", bytes / static_cast<long>(sizeof content[0]));
  }
  return 0;
}

}  // namespace sb::selftest::probes
