// Outlet: hands bytes on to a descriptor of the caller's, however slow its reader, without waiting.
// Must not hold more than it was given: who feeds it stops while it has something pending.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "supervise/event_loop.h"
#include "sys/fd.h"

namespace sb::supervise {

// Why: not movable: its callbacks refer to it.
class Outlet {
 public:
  struct Hooks {
    std::function<void()> on_drained;     // nothing is pending any more
    std::function<void(int err)> on_end;  // no more will be taken; err 0: its reader went away
  };

  // `fd` is borrowed, and may be shared with other processes: its flags stay as they are.
  Outlet(EventLoop& loop, sys::FdRef fd, Hooks hooks);
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  ~Outlet();

  Result<Done> start();
  // A file of the host's, which is always ready.
  bool is_file() const { return !waits_; }
  bool is_open() const { return open_; }
  bool has_pending() const { return sent_ < pending_.size(); }
  std::size_t pending() const { return pending_.size() - sent_; }
  // Writes what goes at once and keeps the rest. Dropped where the outlet has ended.
  void put(std::string_view bytes);
  // Drops what is pending, for good.
  void abandon();

 private:
  void on_events(std::uint32_t events);
  // What could be written now; nullopt where the outlet has ended.
  std::size_t write_now(std::string_view bytes);
  void end(int err);
  void watch();

  EventLoop& loop_;
  sys::FdRef fd_;
  Hooks hooks_;
  bool open_ = true;
  bool waits_ = false;  // the kernel can wait for it: it is in the loop
  bool is_terminal_ = false;
  std::string pending_;
  std::size_t sent_ = 0;  // of pending_
};

}  // namespace sb::supervise
