// A terminal for a supervisor to have. Must not be more than that.
#pragma once

#include "harness.h"

namespace sbtest {

// A pseudo-terminal, and the options of a supervisor that has it as its controlling one.
struct Terminal {
  int master = -1;
  int slave = -1;
  Options options;

  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  void hang_up();
  // Bytes that wait to be read from it, as if typed.
  int typed() const;
};

}  // namespace sbtest
