#include "server/packet.h"

#include <array>
#include <cerrno>
#include <memory>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/passed_fds.h"

namespace sb::server {
namespace {

// Kernel: a packet is one buffer of the socket's, of some 200 KiB by default (socket(7)).
constexpr std::size_t longest_inline = 64 << 10;

struct Header {
  std::uint32_t kind;
  std::uint32_t status;
  std::uint64_t number;
  std::uint64_t setup_ns;
  std::uint32_t flags;
  std::uint32_t in_memory;  // the text is a file: the first descriptor
};

Result<sys::Fd> text_in_memory(const std::string& text) {
  sys::Fd memory(::memfd_create("text", MFD_CLOEXEC));
  if (!memory.valid()) {
    return Error(Tag::serve_worker, "creating an in-memory file", errno);
  }
  if (const int err = sys::write_all(memory.ref(), text); err != 0) {
    return Error(Tag::serve_worker, "filling an in-memory file", err);
  }
  return memory;
}

Result<std::string> text_of(sys::FdRef memory) {
  if (::lseek(memory.number(), 0, SEEK_SET) != 0) {
    return Error(Tag::serve_worker, "rewinding an in-memory file", errno);
  }
  sys::ReadResult read = sys::read_all(memory, SIZE_MAX);
  if (read.err != 0) {
    return Error(Tag::serve_worker, "reading an in-memory file", read.err);
  }
  return std::move(read.data);
}

Error worker_error(const char* doing, int err) { return {Tag::serve_worker, doing, err}; }

}  // namespace

Result<Channel> make_channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return worker_error("making the channel of a worker", errno);
  }
  return Channel{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

Result<Done> send(sys::FdRef channel, const Packet& packet) {
  Header header{static_cast<std::uint32_t>(packet.kind),
                packet.status,
                packet.number,
                packet.setup_ns,
                packet.flags,
                packet.text.size() > longest_inline ? 1U : 0U};
  sys::Fd memory;
  std::vector<sys::FdRef> fds;
  if (header.in_memory != 0) {
    memory = TRY(text_in_memory(packet.text));
    fds.push_back(memory.ref());
  }
  for (const sys::Fd& fd : packet.fds) {
    fds.push_back(fd.ref());
  }
  // Safety: sendmsg(2) does not write to what it sends.
  std::array<iovec, 2> data = {
      iovec{&header, sizeof header},
      iovec{const_cast<char*>(packet.text.data()), memory.valid() ? 0 : packet.text.size()}};
  msghdr message{};
  message.msg_iov = data.data();
  message.msg_iovlen = data.size();
  const sys::PassedFds passed(message, fds);
  ssize_t put = 0;
  do {
    put = ::sendmsg(channel.number(), &message, MSG_NOSIGNAL);
  } while (put < 0 && errno == EINTR);
  return put < 0 ? Result<Done>(worker_error("sending between server and worker", errno)) : Done{};
}

Result<std::optional<Packet>> receive(sys::FdRef channel, bool wait) {
  // Why static: a thread of this program is one, and this is too much for a frame. Why on the heap:
  // no sandbox's process gets anything of it, such as another client's words (sys/heap.h).
  static const auto text = std::make_unique_for_overwrite<std::array<char, longest_inline>>();
  Header header{};
  std::array<iovec, 2> data = {iovec{&header, sizeof header}, iovec{text->data(), text->size()}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sys::most_passed_fds * sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = data.data();
  message.msg_iovlen = data.size();
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(channel.number(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) {
    return std::optional<Packet>();
  }
  // Kernel: ECONNRESET where the other end was closed with something unread.
  if (got == 0 || (got < 0 && errno == ECONNRESET)) {
    return wait ? Result<std::optional<Packet>>(std::optional<Packet>())
                : worker_error("waiting for a worker, which ended", 0);
  }
  std::vector<sys::Fd> fds = sys::take_passed_fds(message);
  if (got < static_cast<ssize_t>(sizeof header) ||
      (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
      (header.in_memory != 0 && fds.empty())) {
    return worker_error("reading a packet between server and worker", got < 0 ? errno : 0);
  }
  Packet packet{.kind = static_cast<PacketKind>(header.kind),
                .status = header.status,
                .number = header.number,
                .setup_ns = header.setup_ns,
                .flags = header.flags,
                .text = std::string(text->data(), static_cast<std::size_t>(got) - sizeof header),
                .fds = std::move(fds)};
  if (header.in_memory != 0) {
    packet.text = TRY(text_of(packet.fds.front().ref()));
    packet.fds.erase(packet.fds.begin());
  }
  return std::optional(std::move(packet));
}

}  // namespace sb::server
