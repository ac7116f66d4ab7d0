#include "sys/passed_fds.h"

#include <cstring>

#include "base/error.h"

namespace sb::sys {

std::vector<Fd> take_passed_fds(msghdr& message) {
  std::vector<Fd> taken;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      // Safety: the kernel wrote cmsg_len, and it lies within the buffer.
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
      taken.emplace_back(number);
    }
  }
  return taken;
}

PassedFds::PassedFds(msghdr& message, std::span<const FdRef> fds) {
  SB_ASSERT(fds.size() <= most_passed_fds);
  if (fds.empty()) {
    return;
  }
  message.msg_control = space_.data();
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const int number = fds[i].number();
    std::memcpy(CMSG_DATA(header) + i * sizeof number, &number, sizeof number);
  }
}

}  // namespace sb::sys
