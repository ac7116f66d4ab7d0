// The life of a worker: a process of its own that runs one job after the other.
// Must not know clients, nor hold anything of a job once it is answered.
//
// Why a process each: a run is watched by one thread (decisions/0005); so one run's output or end
// never delays another's limits, and what goes wrong with one is not the others' business.
#pragma once

#include <optional>

#include "server/packet.h"
#include "server/settings.h"
#include "sys/process.h"

namespace sb::server {

// The server's side of it. The destructor dismisses it and waits for its end.
class Worker {
 public:
  Worker(Worker&&) noexcept = default;
  Worker& operator=(Worker&&) = delete;
  ~Worker();
  // Forks. Errors: serve.worker.
  static Result<Worker> start(const Settings& settings);

  sys::FdRef channel() const { return channel_.ref(); }
  pid_t pid() const { return pid_; }  // not for signals
  // Tells it that no more jobs come: it leaves once the one it has is over.
  void dismiss() { channel_.reset(); }
  // It and everything inside at once.
  void kill() const { (void)process_.send_signal(SIGKILL); }

 private:
  Worker(pid_t pid, sys::Pidfd process, sys::Fd channel)
      : pid_(pid), process_(std::move(process)), channel_(std::move(channel)) {}

  pid_t pid_;
  sys::Pidfd process_;
  sys::Fd channel_;
};

}  // namespace sb::server
