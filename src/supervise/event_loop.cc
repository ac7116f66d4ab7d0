#include "supervise/event_loop.h"

#include <array>
#include <cerrno>
#include <ctime>

#include <poll.h>

namespace sb::supervise {

Result<EventLoop> EventLoop::create() {
  sys::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) {
    return Error(Tag::supervise_loop, "making an epoll instance", errno);
  }
  return EventLoop(std::move(epoll));
}

Result<Done> EventLoop::add(sys::FdRef fd, std::uint32_t events, Callback callback) {
  if (!TRY(add_if_it_waits(fd, events, std::move(callback)))) {
    return Error(Tag::supervise_loop, "adding a descriptor to epoll", EPERM);
  }
  return Done{};
}

Result<bool> EventLoop::add_if_it_waits(sys::FdRef fd, std::uint32_t events, Callback callback) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd.number();
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, fd.number(), &event) != 0) {
    if (errno == EPERM) {
      return false;
    }
    return Error(Tag::supervise_loop, "adding a descriptor to epoll", errno);
  }
  callbacks_[fd.number()] = std::move(callback);
  return true;
}

void EventLoop::change(sys::FdRef fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd.number();
  if (events == 0) {
    (void)::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, fd.number(), nullptr);
  } else if (::epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, fd.number(), &event) != 0) {
    // Kernel: ENOENT: it was taken out by an earlier 0.
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, fd.number(), &event) != 0) {
      change_err_ = errno;
    }
  }
}

void EventLoop::remove(sys::FdRef fd) {
  if (callbacks_.erase(fd.number()) != 0) {
    (void)::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, fd.number(), nullptr);
  }
}

Result<Done> EventLoop::run_once(std::optional<std::uint64_t> most_ns) {
  if (change_err_ != 0) {
    // Why: nobody would ever hear of that descriptor again.
    return Error(Tag::supervise_loop, "changing what epoll waits for", change_err_);
  }
  int wait_ms = -1;
  if (most_ns) {
    // Kernel: epoll_pwait2(2), which knows less than milliseconds, came with 5.11.
    constexpr std::uint64_t second_ns = 1'000'000'000;
    const timespec most{.tv_sec = static_cast<time_t>(*most_ns / second_ns),
                        .tv_nsec = static_cast<long>(*most_ns % second_ns)};
    pollfd readable{.fd = epoll_.number(), .events = POLLIN, .revents = 0};
    if (*most_ns > 0 && ::ppoll(&readable, 1, &most, nullptr) <= 0) {
      return Done{};
    }
    wait_ms = 0;
  }
  std::array<epoll_event, 16> events{};
  const int count =
      ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), wait_ms);
  if (count < 0) {
    if (errno == EINTR) {
      return Done{};
    }
    return Error(Tag::supervise_loop, "waiting for events", errno);
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    const auto found = callbacks_.find(event.data.fd);
    if (found != callbacks_.end()) {
      // Why: a copy: the callback may remove itself.
      const Callback callback = found->second;
      callback(event.events);
    }
  }
  return Done{};
}

}  // namespace sb::supervise
