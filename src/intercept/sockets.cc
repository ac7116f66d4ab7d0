#include "intercept/sockets.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "sys/seccomp_notify.h"

namespace sb::intercept {
namespace {

constexpr std::array rows = {
    SocketRow{SYS_read, 0, false},    SocketRow{SYS_readv, 0, false},
    SocketRow{SYS_preadv2, 0, false}, SocketRow{SYS_recvfrom, 0, false},
    SocketRow{SYS_recvmsg, 0, false}, SocketRow{SYS_recvmmsg, 0, false},
    SocketRow{SYS_accept, 0, false},  SocketRow{SYS_accept4, 0, false},
    SocketRow{SYS_write, 0, true},    SocketRow{SYS_writev, 0, true},
    SocketRow{SYS_pwritev2, 0, true}, SocketRow{SYS_sendto, 0, true},
    SocketRow{SYS_sendmsg, 0, true},  SocketRow{SYS_sendmmsg, 0, true},
    SocketRow{SYS_connect, 0, true},  SocketRow{SYS_sendfile, 0, true},
    SocketRow{SYS_splice, 0, false},  SocketRow{SYS_splice, 2, true},
};

// Kernel: the longest timeout is LONG_MAX ticks, of which a second has at most 1000.
constexpr std::int64_t base_s = std::int64_t{1} << 51;
constexpr std::int64_t most_us = std::int64_t{1} << 51;

// Kernel: PIDFD_THREAD (Linux 6.9): a thread may have descriptors of its own, and the first one may
// have ended.
sys::Fd open_thread(pid_t tid, pid_t process) {
  constexpr unsigned pidfd_thread = O_EXCL;
  sys::Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, tid, pidfd_thread)));
  return fd.valid() ? std::move(fd)
                    : sys::Fd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
}

std::optional<int> option_of(sys::FdRef socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket.number(), SOL_SOCKET, option, &value, &size) == 0
             ? std::optional(value)
             : std::nullopt;
}

}  // namespace

const SocketRow* find_socket_call(long number, unsigned place) {
  for (const SocketRow& row : rows) {
    if (row.number == number && place-- == 0) {
      return &row;
    }
  }
  return nullptr;
}

TakenSocket take_socket(pid_t tid, pid_t process, int fd) {
  const sys::Fd pidfd = open_thread(tid, process);
  sys::TakenFd taken = sys::pidfd_getfd(pidfd.ref(), fd);
  if (taken.err != 0) {
    return {.fd = sys::Fd(), .refused = taken.err != EBADF};
  }
  if (!option_of(taken.fd.ref(), SO_TYPE)) {
    return {};
  }
  return {.fd = std::move(taken.fd)};
}

int set_timeout(sys::FdRef socket, int option, SocketTimeout timeout) {
  timeval value{};
  // Kernel: zero is no timeout.
  if (timeout.us != 0 && timeout.us < static_cast<std::uint64_t>(most_us)) {
    value.tv_sec = base_s + static_cast<std::int64_t>(timeout.us);
  }
  return ::setsockopt(socket.number(), SOL_SOCKET, option, &value, sizeof value) == 0 ? 0 : errno;
}

std::optional<SocketTimeout> timeout_of(sys::FdRef socket, int option) {
  timeval value{};
  socklen_t size = sizeof value;
  if (::getsockopt(socket.number(), SOL_SOCKET, option, &value, &size) != 0 ||
      value.tv_sec <= base_s || value.tv_sec - base_s >= most_us) {
    return std::nullopt;
  }
  return SocketTimeout{.us = static_cast<std::uint64_t>(value.tv_sec - base_s)};
}

int timeout_errno(sys::FdRef socket, long number) {
  const bool in_progress =
      number == SYS_connect && option_of(socket, SO_DOMAIN).value_or(AF_UNIX) != AF_UNIX;
  return in_progress ? EINPROGRESS : EAGAIN;
}

}  // namespace sb::intercept
