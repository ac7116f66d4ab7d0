#include "replay/player.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "replay/screen_text.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::replay {
namespace {

class Player {
 public:
  Player(const Look& look, const Screen& screen)
      : screen_(screen),
        output_(screen.output, look, false),
        error_(screen.error, look, look.colors) {}

  Result<int> play(const Recording& recording, const std::vector<std::uint64_t>& due_ns) {
    start_ns_ = sys::monotonic_ns();
    for (std::size_t i = 0; i < recording.pieces.size() && end_signal_ == 0; ++i) {
      if (!wait_until(due_ns[i])) {
        break;
      }
      const Piece& piece = recording.pieces[i];
      Stream& stream = piece.is_error ? error_ : output_;
      CHECK(write(stream, stream.text_of(piece.bytes)));
    }
    if (end_signal_ == 0) {
      CHECK(write(output_, output_.rest()));
      CHECK(write(error_, error_.rest()));
    }
    leave_terminal(output_);
    leave_terminal(error_);
    return end_signal_;
  }

 private:
  struct Stream {
    Stream(sys::FdRef to, const Look& look, bool in_red)
        : fd(to),
          is_terminal(::isatty(to.number()) == 1),
          is_safe(is_terminal && !look.raw),
          is_red(is_terminal && in_red),
          safe(look.colors) {}

    std::string text_of(const std::string& bytes) {
      return is_safe ? dressed(safe.add(bytes)) : dressed(bytes);
    }
    std::string rest() { return is_safe ? dressed(safe.finish()) : std::string(); }
    std::string dressed(std::string text) const {
      return is_red && !text.empty() ? fmt::format("{}{}{}", red, text, reset) : text;
    }

    sys::FdRef fd;
    bool is_terminal;
    bool is_safe;
    bool is_red;
    ScreenText safe;
  };

  // False: a signal ends it.
  bool wait_until(std::uint64_t due_ns) {
    while (end_signal_ == 0) {
      const std::uint64_t now_ns = sys::monotonic_ns() - start_ns_;
      const std::uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
      constexpr std::uint64_t second_ns = 1'000'000'000;
      const timespec patience = {.tv_sec = static_cast<time_t>(left_ns / second_ns),
                                 .tv_nsec = static_cast<long>(left_ns % second_ns)};
      pollfd waiting = {.fd = screen_.signals.number(), .events = POLLIN, .revents = 0};
      const int ready = ::ppoll(&waiting, 1, &patience, nullptr);
      if (ready > 0) {
        take_signals();
      } else if (left_ns == 0) {
        return true;
      }
    }
    return false;
  }

  bool take_signals() {
    for (const int number : sys::read_signals(screen_.signals)) {
      if (number == SIGTSTP) {
        const std::uint64_t stopped_ns = sys::monotonic_ns();
        sys::stop_self();
        start_ns_ += sys::monotonic_ns() - stopped_ns;
      } else if (sys::is_end_signal(number) && end_signal_ == 0) {
        end_signal_ = number;
      }
    }
    return end_signal_ != 0;
  }

  Result<Done> write(const Stream& stream, std::string_view text) {
    const int err = sys::write_patiently(
        stream.fd, text, screen_.signals, [this] { return take_signals(); }, -1);
    if (err == EPIPE) {
      end_signal_ = SIGPIPE;
    } else if (err != 0 && err != ECANCELED) {
      return Error(Tag::io_output, &stream == &error_ ? "writing to stderr" : "writing to stdout",
                   err);
    }
    return Done{};
  }

  // Whatever the recording left on.
  static void leave_terminal(const Stream& stream) {
    if (stream.is_terminal) {
      (void)sys::write_all(stream.fd, reset);  // Why: at the end nothing can be done about it.
    }
  }

  Screen screen_;
  Stream output_;
  Stream error_;
  std::uint64_t start_ns_ = 0;
  int end_signal_ = 0;
};

}  // namespace

Result<int> play(const Recording& recording, const std::vector<std::uint64_t>& due_ns,
                 const Look& look, const Screen& screen) {
  return Player(look, screen).play(recording, due_ns);
}

}  // namespace sb::replay
