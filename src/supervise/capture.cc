#include "supervise/capture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sb::supervise {
namespace {

// Kernel: the size of a new pipe, and the most that an ordinary user may make of it (pipe(7)).
constexpr std::size_t small_pipe = 65'536;
constexpr std::size_t large_pipe = 1'048'576;
// Why as large: fewer calls, and still in a CPU's own cache. Why not splice(2): it writes to the
// file with the pipe locked, and so takes turns with the program instead of working beside it.
constexpr std::size_t buffer_size = 262'144;

// Why not on the stack: the caller's limit may be smaller. One for all: there is one thread, and
// nothing is left in it.
std::span<char> buffer() {
  static std::array<char, buffer_size> bytes;
  return bytes;
}

}  // namespace

Capture::Capture(EventLoop& loop, sys::Fd source, sys::FdRef sink,
                 std::optional<std::uint64_t> limit, Hooks hooks)
    : loop_(loop),
      source_(std::move(source)),
      sink_(sink),
      limit_(limit),
      hooks_(std::move(hooks)),
      pipe_size_(small_pipe) {}

Capture::~Capture() {
  hooks_.on_end = {};  // Why: whom it would tell may be gone.
  abandon();
}

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
    if (hooks_.on_end) {
      hooks_.on_end();
    }
  }
}

std::uint64_t Capture::unread() const {
  int count = 0;
  return source_.valid() && ::ioctl(source_.number(), FIONREAD, &count) == 0 && count > 0
             ? static_cast<std::uint64_t>(count)
             : 0;
}

bool Capture::drain() {
  // Why no more than that: who goes on writing would keep us here.
  const std::uint64_t end = bytes_ + unread();
  while (bytes_ < end && source_.valid() && !waits()) {
    const std::uint64_t before = bytes_;
    read_some();
    if (bytes_ == before) {
      break;
    }
  }
  return unread() == 0;
}

void Capture::hold(bool held) {
  held_ = held;
  watch();
}

void Capture::tell(std::string_view bytes) {
  if (hooks_.on_bytes) {
    hooks_.on_bytes(bytes);
  }
}

void Capture::read_some() {
  const std::uint64_t room = limit_ ? *limit_ - std::min(bytes_, *limit_) : pipe_size_;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(room, pipe_size_));
  if (most == 0) {
    discard();
  } else if (outlet_ == nullptr) {
    keep(most);
  } else {
    pass(most);
  }
  if (!large_ && bytes_ > 2 * small_pipe) {
    large_ = true;
    enlarge_pipe();
  }
}

bool Capture::took(ssize_t got) {
  if (got > 0) {
    bytes_ += static_cast<std::uint64_t>(got);
    return true;
  }
  if (got == 0) {
    close_source();
  } else if (errno != EINTR && errno != EAGAIN) {
    // Why: an end that the program did not make would lose its output, and give it a SIGPIPE.
    const int err = errno;
    close_source();
    hooks_.on_error(err);
  }
  return false;
}

void Capture::keep(std::size_t most) {
  char* end = kept_.room(most);
  // Why less and less: where memory is short, the rest of a block will do for a stream's end.
  constexpr std::size_t least = 4096;
  while (end == nullptr && most > least) {
    most /= 2;
    end = kept_.room(most);
  }
  if (end == nullptr) {
    close_source();
    hooks_.on_error(ENOMEM);
    return;
  }
  const ssize_t got = ::read(source_.number(), end, most);
  if (took(got)) {
    kept_.grew(static_cast<std::size_t>(got));
    tell({end, static_cast<std::size_t>(got)});
  }
}

void Capture::pass(std::size_t most) {
  const std::span<char> to = buffer();
  const ssize_t got = ::read(source_.number(), to.data(), std::min(most, to.size()));
  if (took(got)) {
    const std::string_view bytes(to.data(), static_cast<std::size_t>(got));
    outlet_->put(bytes);
    tell(bytes);
    watch();
  }
}

// Why: only for who writes much: most programs write a few lines, and the kernel counts the size of
// all pipes of a user. Not before a reader of the caller's, who would see the output later.
void Capture::enlarge_pipe() {
  const bool fast = outlet_ == nullptr || outlet_->is_file();
  if (fast && source_.valid() &&
      ::fcntl(source_.number(), F_SETPIPE_SZ, static_cast<int>(large_pipe)) > 0) {
    pipe_size_ = large_pipe;
  }
}

// What is beyond the limit.
void Capture::discard() {
  if (took(::read(source_.number(), buffer().data(), buffer().size())) && !over_limit_) {
    over_limit_ = true;
    hooks_.on_limit();
  }
}

// Why: while something waits to be written nothing more is read: memory stays flat.
void Capture::watch() {
  if (source_.valid()) {
    loop_.change(source_.ref(), waits() ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }
}

StreamFacts Capture::take_facts() {
  return {.captured = !sink_.valid(),
          .data = std::move(kept_),
          .bytes = bytes_,
          .over_limit = over_limit_};
}

}  // namespace sb::supervise
