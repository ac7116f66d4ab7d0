#include "server/listening.h"

#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::server {
namespace {

constexpr int most_waiting = 128;

sys::Fd new_socket() {
  return sys::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Safety: bind(2) and connect(2) take every family's address by this type.
const sockaddr* as_address(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Whether a socket lies there that nobody listens on any more.
bool is_left_behind(const std::string& path, const sockaddr_un& address) {
  struct ::stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return false;
  }
  const sys::Fd probe = new_socket();
  return ::connect(probe.number(), as_address(address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

Result<Listening> Listening::at(const std::string& path) {
  const auto failed = [&path](int err) {
    return Error(Tag::serve_listen, fmt::format("listening on \"{}\"", path), err);
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return failed(ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  sys::Fd socket = new_socket();
  if (!socket.valid()) {
    return failed(errno);
  }
  if (is_left_behind(path, address)) {
    (void)::unlink(path.c_str());
  }
  // Why the mask: a mode set afterwards leaves a moment in which others may connect.
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(socket.number(), as_address(address), sizeof address);
  const int err = errno;
  (void)::umask(mask);
  if (bound != 0) {
    return failed(err);
  }
  Listening listening(std::move(socket));
  listening.path_ = path;
  if (::listen(listening.socket_.number(), most_waiting) != 0) {
    return failed(errno);
  }
  return listening;
}

Listening::~Listening() {
  if (socket_.valid() && !path_.empty()) {
    (void)::unlink(path_.c_str());
  }
}

sys::Fd Listening::accept() const {
  return sys::Fd(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

bool may_ask(sys::FdRef connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(connection.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == ::geteuid() || peer.uid == 0);
}

}  // namespace sb::server
