// Runs the built `sandbox` thousands of times: nothing is checked between the runs (harness.h
// does). Must not be used where a single run matters.
#pragma once

#include <string>

#include "harness.h"

namespace sbtest {

struct Quick {
  int exit_status = -1;  // 128 + N where the supervisor died of signal N
  std::string out;       // up to 64 KiB, what a pipe holds
};

enum class Victim { supervisor, init };

// argv after the binary's name. With `kill_after_us` the victim is killed that much later: init
// that much after it was born, if it still lives.
Quick quick_run(const Words& arguments, int kill_after_us = -1, Victim victim = Victim::supervisor);

// What became ours when its parent was killed has ended within 5 s and is reaped.
void expect_no_orphans();

}  // namespace sbtest
