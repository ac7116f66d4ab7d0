// Feeding: sends what is put inside to the helper there, and hears why it gave up.
// Must not judge that: the run has not begun.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "files/supply.h"
#include "supervise/event_loop.h"
#include "sys/fd.h"

namespace sb::supervise {

class Feeding {
 public:
  // Errors: files.source, files.put.
  static Result<Feeding> prepare(const policy::Files& files);

  // The helper's end, until close_theirs().
  sys::FdRef theirs() const { return theirs_.ref(); }
  void close_theirs() { theirs_.reset(); }

  // From now on the loop sends. `on_progress` is called for every piece, `on_error` once at most.
  Result<Done> start(EventLoop& loop, std::function<void()> on_progress,
                     std::function<void(Error)> on_error);

  // Instead: sends all of it now, or as much as the helper takes. Errors: files.source; files.put
  // with ECANCELED where a signal to end came first.
  Result<Done> send_all();
  // Nothing more comes: a helper that waits for the rest of it gives up.
  void end();

  // What the helper says, once it has given up. Errors: none; without an answer it was killed.
  Error failure() const;
  const std::vector<std::string>& warnings() const { return supply_.warnings(); }

 private:
  void send_more(EventLoop& loop);

  files::Supply supply_;
  sys::Fd ours_;
  sys::Fd theirs_;
  std::string waiting_;  // to be sent, from sent_ on
  std::size_t sent_ = 0;
  std::function<void()> on_progress_;
  std::function<void(Error)> on_error_;
};

}  // namespace sb::supervise
