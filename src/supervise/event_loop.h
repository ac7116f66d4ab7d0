// EventLoop: level-triggered epoll over descriptors that others own, each with a callback.
// Must not block in a callback, and never nests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include <sys/epoll.h>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::supervise {

class EventLoop {
 public:
  using Callback = std::function<void(std::uint32_t events)>;

  static Result<EventLoop> create();

  // `events`: EPOLLIN, EPOLLOUT, or EPOLLERR alone for errors and hang-ups. Errors: supervise.loop.
  Result<Done> add(sys::FdRef fd, std::uint32_t events, Callback callback);
  // The same for a file of the caller's. False where the kernel can't wait for it: a regular file
  // is always ready.
  Result<bool> add_if_it_waits(sys::FdRef fd, std::uint32_t events, Callback callback);
  // 0: nothing at all, not even hang-ups, which would otherwise be reported again and again. What
  // goes wrong is told by run_once().
  void change(sys::FdRef fd, std::uint32_t events);
  void remove(sys::FdRef fd);

  // Waits for events, so long at most, and calls back once for each; descriptors removed meanwhile
  // are skipped.
  Result<Done> run_once(std::optional<std::uint64_t> most_ns = std::nullopt);

 private:
  explicit EventLoop(sys::Fd epoll) : epoll_(std::move(epoll)) {}

  sys::Fd epoll_;
  int change_err_ = 0;
  std::map<int, Callback> callbacks_;
};

}  // namespace sb::supervise
