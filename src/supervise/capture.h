// Capture: reads one output stream of the target up to its limit, keeps it or passes it on.
// Must not decide what a passed limit means: it reports, the supervisor acts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "supervise/event_loop.h"
#include "supervise/observations.h"
#include "sys/fd.h"

namespace sb::supervise {

// Why: not movable: its callbacks refer to it.
class Capture {
 public:
  // `source`: the read end of the target's pipe. `sink`: where the bytes go on to (borrowed); an
  // invalid one keeps them here. `limit`: bytes that are kept or passed on; what comes after them
  // is read and dropped, so that the target can't wedge us. `on_limit` is called once.
  Capture(EventLoop& loop, sys::Fd source, sys::FdRef sink, std::optional<std::uint64_t> limit,
          std::function<void()> on_limit);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  Result<Done> start();
  bool finished() const { return !source_.valid() && pending_.empty(); }
  // What was not passed on yet is dropped, and the target's writes fail with EPIPE from now on.
  void abandon();
  std::uint64_t bytes() const { return bytes_; }  // written by the target so far
  StreamFacts take_facts();
  // A failed write to the sink, other than that its reader went away.
  int sink_errno() const { return sink_errno_; }

 private:
  void read_some();
  void accept(std::string_view data);
  void flush();
  void close_source();

  EventLoop& loop_;
  sys::Fd source_;
  sys::FdRef sink_;
  std::optional<std::uint64_t> limit_;
  std::function<void()> on_limit_;
  bool sink_waits_ = false;  // the sink is in the loop
  std::string kept_;
  std::string pending_;  // read, not yet written to the sink
  std::uint64_t bytes_ = 0;
  bool over_limit_ = false;
  int sink_errno_ = 0;
};

}  // namespace sb::supervise
