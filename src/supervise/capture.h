// Capture: reads one output stream of the target up to its limit, keeps it or passes it on.
// Must not decide what a passed limit means: it reports, the supervisor acts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "supervise/event_loop.h"
#include "supervise/observations.h"
#include "supervise/outlet.h"
#include "sys/fd.h"

namespace sb::supervise {

// Why: not movable: its callbacks refer to it.
class Capture {
 public:
  struct Hooks {
    std::function<void()> on_limit;         // called once, when there is more than the limit
    std::function<void(int err)> on_error;  // the bytes can't be kept or passed on
    // Empty, or told of all bytes that are kept or passed on, as they come, and of their end.
    std::function<void(std::string_view)> on_bytes = {};
    std::function<void()> on_end = {};
  };

  // `source`: the read end of the target's pipe. `sink`: where the bytes go on to (borrowed); an
  // invalid one keeps them here. `limit`: bytes that are kept or passed on; what comes after them
  // is read and dropped, so that the target can't wedge us.
  Capture(EventLoop& loop, sys::Fd source, sys::FdRef sink, std::optional<std::uint64_t> limit,
          Hooks hooks);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  Result<Done> start();
  bool finished() const {
    return !source_.valid() && (outlet_ == nullptr || !outlet_->has_pending());
  }
  bool is_at_end() const { return !source_.valid(); }  // nothing more is read
  // What was not passed on yet is dropped, and the target's writes fail with EPIPE from now on.
  void abandon();
  bool is_kept() const { return outlet_ == nullptr; }  // here, whatever a reader does
  // Reads what is there at the call. False: some is left, for want of room where it goes on to, or
  // is there since.
  bool drain();
  // Reads nothing while it is held.
  void hold(bool held);
  std::uint64_t bytes() const { return bytes_; }  // written by the target so far
  StreamFacts take_facts();

 private:
  void read_some();
  void keep(std::size_t most);
  void pass(std::size_t most);
  void enlarge_pipe();
  void discard();
  std::uint64_t unread() const;  // bytes in the pipe
  bool took(ssize_t got);        // what a read returned; false: there were no bytes
  void tell(std::string_view bytes);
  bool waits() const { return held_ || (outlet_ != nullptr && outlet_->has_pending()); }
  void watch();
  void close_source();

  EventLoop& loop_;
  sys::Fd source_;
  sys::FdRef sink_;
  std::optional<std::uint64_t> limit_;
  Hooks hooks_;
  std::unique_ptr<Outlet> outlet_;  // of the sink
  bool large_ = false;              // the pipe, or it can't be
  std::size_t pipe_size_;
  bool held_ = false;
  Bytes kept_;
  std::uint64_t bytes_ = 0;
  bool over_limit_ = false;
};

}  // namespace sb::supervise
