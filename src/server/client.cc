#include "server/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/request_document.h"
#include "sys/passed_fds.h"

namespace sb::server {
namespace {

constexpr std::size_t read_size = 64 << 10;
// Kernel: SCM_MAX_FD, the most that come at once (unix(7)).
constexpr std::size_t most_at_once = 253;
// Limit: of descriptors that no line has asked for.
constexpr std::size_t most_kept = 64;

bool is_socket(sys::FdRef fd) {
  struct ::stat status {};
  return ::fstat(fd.number(), &status) == 0 && S_ISSOCK(status.st_mode);
}

struct Read {
  ssize_t got = -1;  // as of read(2)
  std::vector<sys::Fd> fds;
  bool lost_fds = false;
};

Read read_socket(sys::FdRef fd, std::array<char, read_size>& buffer) {
  iovec data{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_at_once * sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  Read read;
  read.got = ::recvmsg(fd.number(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (read.got < 0) {
    return read;
  }
  read.lost_fds = (message.msg_flags & MSG_CTRUNC) != 0;
  read.fds = sys::take_passed_fds(message);
  return read;
}

}  // namespace

Client::Client(supervise::EventLoop& loop, sys::Fd in, sys::Fd out, Hooks hooks)
    : loop_(loop),
      in_(std::move(in)),
      out_(std::move(out)),
      hooks_(std::move(hooks)),
      outlet_(loop, out_.ref(), {.on_drained = [] {}, .on_end = [this](int) { leave(); }}) {}

Client::~Client() {
  if (!ended_) {
    loop_.remove(always_.valid() ? always_.ref() : in_.ref());
  }
}

Result<Done> Client::start() {
  is_socket_ = is_socket(in_.ref());
  CHECK(outlet_.start());
  const auto readable = [this](std::uint32_t events) { on_readable(events); };
  if (TRY(loop_.add_if_it_waits(in_.ref(), EPOLLIN, readable))) {
    return Done{};
  }
  always_ = sys::Fd(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!always_.valid()) {
    return Error(Tag::supervise_loop, "making an eventfd", errno);
  }
  return loop_.add(always_.ref(), EPOLLIN, readable);
}

void Client::on_readable(std::uint32_t events) {
  // Why not on the stack: workers are cloned from below here, and would keep all of it; and no
  // sandbox's process gets anything of the heap, such as another client's words (sys/heap.h).
  static const auto buffer = std::make_unique_for_overwrite<std::array<char, read_size>>();
  Read read;
  if (is_socket_) {
    read = read_socket(in_.ref(), *buffer);
  } else {
    read.got = ::read(in_.number(), buffer->data(), buffer->size());
  }
  if (read.got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  std::move(read.fds.begin(), read.fds.end(), std::back_inserter(descriptors_));
  if (read.got < 0 || read.lost_fds || descriptors_.size() > most_kept) {
    leave();  // Why: with descriptors lost, no line can be sure of its own any more.
    return;
  }
  if (read.got > 0) {
    take(std::string_view(buffer->data(), static_cast<std::size_t>(read.got)));
    return;
  }
  // Kernel: a peer that has closed its socket is hung up; one that only has no more to say is not.
  if (is_socket_ && (events & EPOLLHUP) != 0) {
    leave();
    return;
  }
  end();
}

void Client::take(std::string_view bytes) {
  while (!bytes.empty() && !gone_) {
    const std::size_t size = bytes.find('\n');
    const std::string_view part = bytes.substr(0, size);
    if (too_long_ || line_.size() + part.size() > policy::longest_request) {
      if (!too_long_) {
        hooks_.on_long_line();
      }
      too_long_ = true;
      std::string().swap(line_);  // Why: an assignment would keep its memory.
    } else if (size != std::string_view::npos && line_.empty()) {
      hooks_.on_line(part);
    } else {
      line_ += part;
      if (size != std::string_view::npos) {
        const std::string line = std::exchange(line_, {});
        hooks_.on_line(line);
      }
    }
    if (size == std::string_view::npos) {
      return;
    }
    too_long_ = false;
    bytes.remove_prefix(size + 1);
  }
}

void Client::end() {
  if (ended_) {
    return;
  }
  // Why: a last line without its end is a line, too.
  if (!line_.empty() && !too_long_) {
    const std::string line = std::exchange(line_, {});
    hooks_.on_line(line);
  }
  ended_ = true;
  loop_.remove(always_.valid() ? always_.ref() : in_.ref());
  hooks_.on_end();
}

void Client::leave() {
  if (gone_) {
    return;
  }
  gone_ = true;
  if (!ended_) {
    ended_ = true;
    loop_.remove(always_.valid() ? always_.ref() : in_.ref());
  }
  hooks_.on_gone();
}

void Client::hold(bool held) {
  if (held == held_ || ended_) {
    return;
  }
  held_ = held;
  loop_.change(always_.valid() ? always_.ref() : in_.ref(), held ? 0U : std::uint32_t{EPOLLIN});
}

std::vector<sys::Fd> Client::take_descriptors(std::size_t count) {
  std::vector<sys::Fd> taken;
  while (taken.size() < count && !descriptors_.empty()) {
    taken.push_back(std::move(descriptors_.front()));
    descriptors_.pop_front();
  }
  return taken;
}

}  // namespace sb::server
