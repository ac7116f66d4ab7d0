// OneCpu: keeps this process, and the target from its start on, on one CPU, and lets the target go
// first there.
// Must not outlive the run: the destructor gives back what was before.
#pragma once

#include <sched.h>

#include "base/error.h"

namespace sb::intercept {

// Why one: a stop of a thread then is a change of context and no message to another CPU, a fifth of
// the time; and threads take turns in the same order each time.
class OneCpu {
 public:
  // Also makes the timers of this process exact.
  explicit OneCpu(pid_t target);
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;
  ~OneCpu();

 private:
  cpu_set_t before_;
  bool batch_ = false;
};

}  // namespace sb::intercept
