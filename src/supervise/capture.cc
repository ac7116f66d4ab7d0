#include "supervise/capture.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace sb::supervise {
namespace {

constexpr std::size_t read_size = 65'536;
// Kernel: a pipe that polls writable takes PIPE_BUF bytes without blocking (pipe(7)).
constexpr std::size_t write_size = 4096;

bool can_write(sys::FdRef fd) {
  pollfd item{.fd = fd.number(), .events = POLLOUT, .revents = 0};
  return ::poll(&item, 1, 0) == 1;
}

}  // namespace

Capture::Capture(EventLoop& loop, sys::Fd source, sys::FdRef sink,
                 std::optional<std::uint64_t> limit, std::function<void()> on_limit)
    : loop_(loop),
      source_(std::move(source)),
      sink_(sink),
      limit_(limit),
      on_limit_(std::move(on_limit)) {}

Capture::~Capture() { abandon(); }

Result<Done> Capture::start() {
  if (sink_.valid()) {
    // Why: a sink whose reader has gone reports an error at once, before anything is written.
    sink_waits_ = TRY(loop_.add(sink_, EPOLLERR, [this](std::uint32_t events) {
      if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        abandon();
      } else {
        flush();
      }
    }));
  }
  CHECK(loop_.add(source_.ref(), EPOLLIN, [this](std::uint32_t) { read_some(); }));
  return Done{};
}

void Capture::abandon() {
  pending_.clear();
  close_source();
  if (sink_waits_) {
    loop_.remove(sink_);
    sink_waits_ = false;
  }
}

void Capture::close_source() {
  if (source_.valid()) {
    loop_.remove(source_.ref());
    source_.reset();
  }
}

void Capture::read_some() {
  std::array<char, read_size> buffer;  // NOLINT(*-member-init): read(2) fills what is used
  const ssize_t got = ::read(source_.number(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (got <= 0) {
    close_source();
    return;
  }
  accept({buffer.data(), static_cast<std::size_t>(got)});
}

void Capture::accept(std::string_view data) {
  const std::uint64_t room = limit_ ? *limit_ - std::min(bytes_, *limit_) : data.size();
  bytes_ += data.size();
  const std::string_view wanted = data.substr(0, std::min<std::uint64_t>(room, data.size()));
  if (!sink_.valid()) {
    kept_.append(wanted);
  } else if (!wanted.empty()) {
    pending_.append(wanted);
    flush();
  }
  if (wanted.size() < data.size() && !over_limit_) {
    over_limit_ = true;
    on_limit_();
  }
}

void Capture::flush() {
  // Why: also asked before the first write: a reader that stopped reading must not stop us, and
  // with us the deadlines (pitfall 38).
  while (!pending_.empty() && (!sink_waits_ || can_write(sink_))) {
    const std::size_t size = sink_waits_ ? std::min(pending_.size(), write_size) : pending_.size();
    const ssize_t put = ::write(sink_.number(), pending_.data(), size);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0 && errno != EAGAIN) {
      // Why: a reader that went away ends the target's pipe as it would without us (SIGPIPE).
      sink_errno_ = errno == EPIPE ? 0 : errno;
      abandon();
      return;
    }
    if (put > 0) {
      pending_.erase(0, static_cast<std::size_t>(put));
    }
  }
  // Why: while something waits to be written nothing more is read: memory stays flat.
  const bool waiting = !pending_.empty();
  if (sink_waits_) {
    loop_.change(sink_, static_cast<std::uint32_t>(waiting ? EPOLLOUT : EPOLLERR));
  }
  if (source_.valid()) {
    loop_.change(source_.ref(), waiting ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }
}

StreamFacts Capture::take_facts() {
  return {.captured = !sink_.valid(),
          .data = std::move(kept_),
          .bytes = bytes_,
          .over_limit = over_limit_};
}

}  // namespace sb::supervise
