// EventStream: the caller's `--events`: lines as things happen, held up to a bound for a slow
// reader. Must not block, and must not know what a line says.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "supervise/event_loop.h"
#include "supervise/outlet.h"
#include "sys/fd.h"

namespace sb::supervise {

// Why: not movable: its callbacks refer to it.
class EventStream {
 public:
  // `on_change`: is_full() may have changed.
  EventStream(EventLoop& loop, sys::FdRef fd, const std::function<void()>& on_change);

  Result<Done> start() { return outlet_.start(); }

  // What must not be lost: who has more of it waits while is_full().
  void add(std::string_view line);
  // What can't be made to wait: beyond the bound it is dropped and counted.
  void add_or_drop(std::string_view line);
  bool is_full() const;
  bool is_drained() const { return !outlet_.has_pending(); }
  void abandon() { outlet_.abandon(); }

  std::uint64_t dropped() const { return dropped_; }
  int err() const { return err_; }  // why no more could be written; 0 where its reader left

 private:
  Outlet outlet_;
  std::uint64_t dropped_ = 0;
  int err_ = 0;
};

}  // namespace sb::supervise
