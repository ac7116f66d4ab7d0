// Whether every thread of the target sleeps, at one and the same instant.
// Must not be wrong: a clock that moves while a thread could run is no clock.
#pragma once

#include "intercept/tracee.h"

namespace sb::intercept {

class IdleCheck {
 public:
  explicit IdleCheck(Tracees& tracees) : tracees_(tracees) {}

  bool all_sleep();
  // The same of one thread.
  bool sleeps(Tracee& tracee);
  // Whom to ask first: it did something just now.
  void note_busy(pid_t tid) { last_busy_ = tid; }

 private:
  bool may_sleep();
  bool may_sleep(Tracee& tracee);
  bool still_sleep();
  bool stopped_ones_stay();

  Tracees& tracees_;
  pid_t last_busy_ = 0;
  std::vector<Tracee*> candidates_;
};

}  // namespace sb::intercept
