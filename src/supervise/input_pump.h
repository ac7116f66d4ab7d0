// InputPump: carries the caller's stdin to the target's, through a pipe of our own.
// Must not give the target the caller's descriptor: it may be a terminal (pitfall 8).
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "supervise/event_loop.h"
#include "sys/fd.h"

namespace sb::supervise {

// Why: not movable: its callbacks refer to it.
class InputPump {
 public:
  // `source`: the caller's stdin, borrowed. `target`: the write end of the target's pipe.
  // `on_error`: stdin broke off before its end, or can't be passed on.
  InputPump(EventLoop& loop, sys::FdRef source, sys::Fd target,
            std::function<void(int err)> on_error);
  InputPump(const InputPump&) = delete;
  InputPump& operator=(const InputPump&) = delete;
  ~InputPump();

  Result<Done> start();
  void stop();
  // The target has read all that came, and more may come.
  bool is_awaited() const;

 private:
  void step();
  void watch();

  EventLoop& loop_;
  sys::FdRef source_;
  sys::Fd target_;
  std::function<void(int err)> on_error_;
  bool source_waits_ = false;  // false: a file, always ready
  std::string pending_;
};

}  // namespace sb::supervise
