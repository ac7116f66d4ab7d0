// ClockReads: how often a clock is read that does not move, and by how much it moves then.
// Must not move it, nor hold a thread: it says when.
#pragma once

#include <cstdint>

#include "intercept/clock.h"

namespace sb::intercept {

// Why by counts and not by real time: counts come out the same each time.
class ClockReads {
 public:
  // Readings at one instant that are free: in the program itself, and by system calls.
  static constexpr std::uint64_t free_readings = 100'000;
  static constexpr std::uint64_t free_calls = free_readings / 10;

  // One that has become a system call, straight from the program (`direct`) or since the readings
  // of before were too many. True: its thread is to wait until the clock has moved.
  bool waits_for_clock(bool direct, const Clock& clock);

  bool is_spinning() const { return spinning_; }
  // How far the clock goes for those that wait for it: the longer they do, the further.
  std::uint64_t step_ns(const Clock& clock) const;
  // The clock has jumped; `held`: somebody still waits for it.
  void moved(bool held);
  void calm() { spinning_ = false, calls_ = 0; }

 private:
  bool spinning_ = false;
  std::uint64_t since_ns_ = 0;
  std::uint64_t calls_ = 0;
};

}  // namespace sb::intercept
