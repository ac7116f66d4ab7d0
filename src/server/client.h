// Client: one connection: lines and descriptors in, lines out, however slow or hostile it is.
// Must not know what a line means.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "supervise/event_loop.h"
#include "supervise/outlet.h"
#include "sys/fd.h"

namespace sb::server {

// Why: not movable: callbacks of the loop refer to it. Who owns it may drop it only outside of its
// hooks.
class Client {
 public:
  struct Hooks {
    std::function<void(std::string_view line)> on_line;  // without its end
    std::function<void()> on_long_line;  // one beyond the bound, which is passed over
    std::function<void()> on_end;        // no more lines will come; answers are still taken
    std::function<void()> on_gone;       // nobody is there any more
  };

  // `in` and `out` are two descriptors, also of one socket.
  Client(supervise::EventLoop& loop, sys::Fd in, sys::Fd out, Hooks hooks);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  Result<Done> start();
  void put(std::string_view line) { outlet_.put(line); }
  std::size_t pending() const { return outlet_.pending(); }
  bool has_ended() const { return ended_; }
  bool is_gone() const { return gone_; }
  // As if it had closed its connection.
  void drop() { leave(); }
  // Reads nothing while it is held.
  void hold(bool held);
  // The first `count` of the descriptors that came and were not taken yet; fewer if fewer came.
  std::vector<sys::Fd> take_descriptors(std::size_t count);

 private:
  void on_readable(std::uint32_t events);
  void take(std::string_view bytes);
  void end();
  void leave();

  supervise::EventLoop& loop_;
  sys::Fd in_;
  sys::Fd out_;
  Hooks hooks_;
  supervise::Outlet outlet_;
  sys::Fd always_;  // polls readable in the place of a file, for which the kernel can't wait
  bool is_socket_ = false;
  std::string line_;       // what came of the next one
  bool too_long_ = false;  // it is passed over
  bool ended_ = false;
  bool gone_ = false;
  bool held_ = false;
  std::deque<sys::Fd> descriptors_;
};

}  // namespace sb::server
