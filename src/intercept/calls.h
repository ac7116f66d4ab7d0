// The system calls that a virtual clock concerns, by kind: a table each.
// Must not hold what is done at them: waits.cc, timer_calls.cc and tracer_calls.cc do.
#pragma once

#include <span>

#include <linux/futex.h>
#include <sys/syscall.h>

namespace sb::intercept {

// Kernel: calls and operations that older headers lack.
inline constexpr int call_futex_waitv = 449;
inline constexpr int call_futex_wait = 455;
inline constexpr unsigned futex_lock_pi2 = 13;
inline constexpr unsigned futex_operation_mask = 0x7f;

enum class WaitForm {
  milliseconds,  // an int
  timespec,      // how long
  timeval,       // how long
  absolute,      // a timespec: until when
  sleep,         // nanosleep and clock_nanosleep: nothing but time ends them
};

// What the call returns once its time is over.
enum class WaitEnd { zero, timed_out, again };

// Which call may wait, and which argument says for how long.
struct WaitRow {
  int number;
  WaitForm form;
  unsigned argument;
  WaitEnd end;
  bool tells_rest;  // what is left is written where the time was read from
};
std::span<const WaitRow> all_waits();
const WaitRow* find_wait(long number);

// Readings of clocks, and timers: answered here.
std::span<const int> clock_calls();

// What would make or show a time, or a process, that we could not see.
std::span<const int> refused_calls();
// The errno that they get.
int refusal_of(long number);

}  // namespace sb::intercept
