#include "server/notify.h"

#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
namespace sb::server {
void notify(const std::string& path, std::string_view state) {
  sockaddr_un address{};
  if (path.size() < 2 || path.size() >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') {
    address.sun_path[0] = '\0';  // Kernel: an abstract name (unix(7)).
  }
  const sys::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  // Safety: bind(2) and its kin take every family's address by this type.
  (void)::sendto(socket.number(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), size);
}

std::vector<sys::Fd> take_passed_sockets(int count) {
  constexpr int first = 3;  // SD_LISTEN_FDS_START
  std::vector<sys::Fd> sockets;
  for (int number = first; number < first + count; ++number) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1) {
      (void)::fcntl(number, F_SETFD, FD_CLOEXEC);
      // Why: another that has the socket may take the connection that this one was told of.
      (void)::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
      sockets.emplace_back(number);
    }
  }
  return sockets;
}

}  // namespace sb::server
