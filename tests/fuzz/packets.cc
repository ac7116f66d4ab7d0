#include "fuzz/packets.h"

#include <array>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

namespace sbfuzz {

bool send_packet(int socket, std::string_view bytes, std::size_t descriptors) {
  std::string data(bytes);
  iovec part{.iov_base = data.data(), .iov_len = data.size()};
  std::array<int, 4> fds{};
  fds.fill(STDERR_FILENO);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> space{};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  if (descriptors > 0) {
    packet.msg_control = space.data();
    packet.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
    cmsghdr* const header = CMSG_FIRSTHDR(&packet);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), descriptors * sizeof(int));
  }
  return ::sendmsg(socket, &packet, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

}  // namespace sbfuzz
