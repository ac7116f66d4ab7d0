#include "supervise/input_pump.h"

#include <array>
#include <cerrno>

#include <sys/ioctl.h>
#include <unistd.h>

namespace sb::supervise {
namespace {

constexpr std::size_t chunk = 65'536;

}  // namespace

InputPump::InputPump(EventLoop& loop, sys::FdRef source, sys::Fd target,
                     std::function<void(int err)> on_error)
    : loop_(loop), source_(source), target_(std::move(target)), on_error_(std::move(on_error)) {}

InputPump::~InputPump() { stop(); }

Result<Done> InputPump::start() {
  source_waits_ = TRY(loop_.add_if_it_waits(source_, EPOLLIN, [this](std::uint32_t) { step(); }));
  CHECK(loop_.add(target_.ref(), EPOLLERR, [this](std::uint32_t events) {
    // Kernel: a pipe without readers reports EPOLLERR, with EPOLLOUT while it has room (pitfall
    // 40).
    if ((events & EPOLLERR) != 0) {
      stop();
    } else {
      step();
    }
  }));
  watch();
  return Done{};
}

void InputPump::stop() {
  if (source_waits_) {
    loop_.remove(source_);
    source_waits_ = false;
  }
  if (target_.valid()) {
    loop_.remove(target_.ref());
    target_.reset();
  }
}

bool InputPump::is_awaited() const {
  int unread = 0;
  return target_.valid() && pending_.empty() && ::ioctl(target_.number(), FIONREAD, &unread) == 0 &&
         unread == 0;
}

// Reads if nothing is pending, writes what is; each call is ready for the one it makes first.
void InputPump::step() {
  if (pending_.empty()) {
    std::array<char, chunk> buffer;  // NOLINT(*-member-init): read(2) fills what is used
    const ssize_t got = ::read(source_.number(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
      return;
    }
    if (got <= 0) {
      // Why: an unreadable stdin (EIO of a background terminal, EBADF) is an empty one; one that
      // breaks off is not what the caller meant the program to read.
      const int err = got < 0 ? errno : 0;
      const bool breaks_off = err == ENOMEM || (err == EIO && ::isatty(source_.number()) != 1);
      stop();
      if (breaks_off) {
        on_error_(err);
      }
      return;
    }
    pending_.assign(buffer.data(), static_cast<std::size_t>(got));
  }
  const ssize_t put = ::write(target_.number(), pending_.data(), pending_.size());
  if (put > 0) {
    pending_.erase(0, static_cast<std::size_t>(put));
  } else if (put < 0 && errno != EINTR && errno != EAGAIN) {
    const int err = errno;
    stop();
    if (err != EPIPE) {  // else nobody inside reads it any more
      on_error_(err);
    }
    return;
  }
  watch();
}

void InputPump::watch() {
  const bool writing = !pending_.empty() || !source_waits_;
  loop_.change(target_.ref(), static_cast<std::uint32_t>(writing ? EPOLLOUT : EPOLLERR));
  if (source_waits_) {
    loop_.change(source_, pending_.empty() ? static_cast<std::uint32_t>(EPOLLIN) : 0U);
  }
}

}  // namespace sb::supervise
