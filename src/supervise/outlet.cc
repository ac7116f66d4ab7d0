#include "supervise/outlet.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace sb::supervise {
namespace {

// Kernel: a pipe that polls writable takes PIPE_BUF bytes without blocking (pipe(7)).
constexpr std::size_t write_size = 4096;

bool can_write(sys::FdRef fd) {
  pollfd item{.fd = fd.number(), .events = POLLOUT, .revents = 0};
  return ::poll(&item, 1, 0) == 1;
}

}  // namespace

Outlet::Outlet(EventLoop& loop, sys::FdRef fd, Hooks hooks)
    : loop_(loop), fd_(fd), hooks_(std::move(hooks)) {}

Outlet::~Outlet() { abandon(); }

Result<Done> Outlet::start() {
  is_terminal_ = ::isatty(fd_.number()) == 1;
  // Why: one whose reader has gone reports an error at once, before anything is written.
  waits_ = TRY(
      loop_.add_if_it_waits(fd_, EPOLLERR, [this](std::uint32_t events) { on_events(events); }));
  return Done{};
}

void Outlet::put(std::string_view bytes) {
  if (!open_) {
    return;
  }
  if (!has_pending()) {
    bytes.remove_prefix(write_now(bytes));
  }
  if (open_ && !bytes.empty()) {
    // Why: where the reader never catches up, what it has taken would stay here for ever.
    if (sent_ > pending_.size() / 2) {
      pending_.erase(0, sent_);
      sent_ = 0;
    }
    pending_.append(bytes);
    watch();
  }
}

void Outlet::abandon() {
  open_ = false;
  pending_.clear();
  sent_ = 0;
  if (waits_) {
    loop_.remove(fd_);
    waits_ = false;
  }
}

void Outlet::on_events(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    end(0);
    return;
  }
  sent_ += write_now(std::string_view(pending_).substr(sent_));
  if (!open_ || has_pending()) {
    return;
  }
  pending_.clear();
  sent_ = 0;
  watch();
  hooks_.on_drained();
}

std::size_t Outlet::write_now(std::string_view bytes) {
  std::size_t written = 0;
  // Why: asked before each write: a reader that stopped reading must not stop us, and with us the
  // deadlines (pitfall 38).
  while (written < bytes.size() && (!waits_ || can_write(fd_))) {
    const std::size_t left = bytes.size() - written;
    const ssize_t put =
        ::write(fd_.number(), bytes.data() + written, waits_ ? std::min(left, write_size) : left);
    if (put >= 0) {
      written += static_cast<std::size_t>(put);
    } else if (errno == EAGAIN && waits_) {
      break;  // Why else an error: nobody would say when such a file can be written again.
    } else if (errno != EINTR) {
      // Kernel: a terminal that was hung up gives EIO. Why not of a file: nobody reads it, so what
      // a file system calls EPIPE is an error.
      const bool gone =
          waits_ && (errno == EPIPE || errno == ECONNRESET || (errno == EIO && is_terminal_));
      end(gone ? 0 : errno);
      break;
    }
  }
  return written;
}

void Outlet::end(int err) {
  abandon();
  hooks_.on_end(err);
}

void Outlet::watch() {
  if (waits_) {
    loop_.change(fd_, static_cast<std::uint32_t>(has_pending() ? EPOLLOUT : EPOLLERR));
  }
}

}  // namespace sb::supervise
