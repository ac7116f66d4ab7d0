// Family: what init knows of those it waits for, and its life with them.
// Must not be entered before init is confined: it makes no call but those its filter allows.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "launch/inside/plan.h"

namespace sb::inside {

constexpr int signals_fd = 0;   // once the target runs: a signalfd
constexpr int children_fd = 1;  // and the list of init's children

struct Family {
  pid_t main_pid;
  bool main_ended;
  bool main_told;  // to the supervisor
  bool guard_ended;
  bool can_list;    // children_fd is the list
  int status;       // of the main process, once it ended
  uint64_t end_ns;  // and when, CLOCK_MONOTONIC
};

// Until the supervisor says bye, or is gone.
[[noreturn]] void serve(const Plan& plan, Family family, uint64_t own_rss_kib);

}  // namespace sb::inside
