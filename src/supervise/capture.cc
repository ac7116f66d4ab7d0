#include "supervise/capture.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <unistd.h>

namespace sb::supervise {
namespace {

constexpr std::size_t read_size = 65'536;  // a pipe's, unless it was enlarged
using Buffer = std::array<char, read_size>;

}  // namespace

Capture::Capture(EventLoop& loop, sys::Fd source, sys::FdRef sink,
                 std::optional<std::uint64_t> limit, Hooks hooks)
    : loop_(loop),
      source_(std::move(source)),
      sink_(sink),
      limit_(limit),
      hooks_(std::move(hooks)) {}

Capture::~Capture() { abandon(); }

Result<Done> Capture::start() {
  if (sink_.valid()) {
    outlet_ = std::make_unique<Outlet>(loop_, sink_,
                                       Outlet::Hooks{.on_drained = [this] { watch(); },
                                                     .on_end =
                                                         [this](int err) {
                                                           // Why: the target's pipe ends as it
                                                           // would without us (SIGPIPE).
                                                           close_source();
                                                           if (err != 0) {
                                                             hooks_.on_error(err);
                                                           }
                                                         }});
    CHECK(outlet_->start());
  }
  CHECK(loop_.add(source_.ref(), EPOLLIN, [this](std::uint32_t) { read_some(); }));
  return Done{};
}

void Capture::abandon() {
  close_source();
  if (outlet_ != nullptr) {
    outlet_->abandon();
  }
}

void Capture::close_source() {
  if (source_.valid()) {
    loop_.remove(source_.ref());
    source_.reset();
  }
}

void Capture::read_some() {
  const std::uint64_t room = limit_ ? *limit_ - std::min(bytes_, *limit_) : read_size;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(room, read_size));
  if (most == 0) {
    discard();
  } else if (outlet_ == nullptr) {
    keep(most);
  } else {
    pass(most);
  }
}

bool Capture::took(ssize_t got) {
  if (got > 0) {
    bytes_ += static_cast<std::uint64_t>(got);
    return true;
  }
  if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    close_source();
  }
  return false;
}

void Capture::keep(std::size_t most) {
  char* const end = kept_.room(most);
  if (end == nullptr) {
    close_source();
    hooks_.on_error(ENOMEM);
    return;
  }
  const ssize_t got = ::read(source_.number(), end, most);
  if (took(got)) {
    kept_.grew(static_cast<std::size_t>(got));
  }
}

void Capture::pass(std::size_t most) {
  Buffer buffer;  // NOLINT(*-member-init): read(2) fills what is used
  const ssize_t got = ::read(source_.number(), buffer.data(), std::min(most, buffer.size()));
  if (took(got)) {
    outlet_->put({buffer.data(), static_cast<std::size_t>(got)});
    watch();
  }
}

// What is beyond the limit.
void Capture::discard() {
  Buffer buffer;  // NOLINT(*-member-init): nobody looks at it
  if (took(::read(source_.number(), buffer.data(), buffer.size())) && !over_limit_) {
    over_limit_ = true;
    hooks_.on_limit();
  }
}

// Why: while something waits to be written nothing more is read: memory stays flat.
void Capture::watch() {
  if (source_.valid()) {
    loop_.change(source_.ref(), outlet_->has_pending() ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }
}

StreamFacts Capture::take_facts() {
  return {.captured = !sink_.valid(),
          .data = std::move(kept_),
          .bytes = bytes_,
          .over_limit = over_limit_};
}

}  // namespace sb::supervise
