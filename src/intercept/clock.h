// Clock: the virtual time of one sandbox: what its clocks show, and when a wait is over.
// Must not know who reads it or who waits.
#pragma once

#include <cstdint>
#include <optional>

namespace sb::intercept {

inline constexpr std::uint64_t second_ns = 1'000'000'000;
inline constexpr std::int64_t second_us = 1'000'000;
// Of a deadline: there is none.
inline constexpr std::uint64_t never = ~0ULL;

// Nanoseconds of a timespec or timeval of the target's; nullopt where the kernel would refuse it.
// What lies beyond the clock's reach is `never`.
std::optional<std::uint64_t> to_ns(std::int64_t seconds, std::int64_t part, std::int64_t parts);

class Clock {
 public:
  // Limit: the clock goes no further than 146 years from its start, so that no sum of ours
  // overflows; a wait beyond is one that never ends.
  static constexpr std::uint64_t most_ns = 1ULL << 62;
  // What CLOCK_MONOTONIC shows at the start. Why not 0: programs take that for "unknown".
  static constexpr std::uint64_t first_monotonic_ns = 1000 * second_ns;

  // `start_ns`: since 1970, what CLOCK_REALTIME shows at the start.
  explicit Clock(std::uint64_t start_ns) : start_ns_(start_ns) {}

  // Whether it is one of time; those of CPU time are the kernel's.
  static bool is_virtual(int clock_id);

  std::uint64_t elapsed() const { return elapsed_ns_; }
  std::uint64_t real() const { return start_ns_ + elapsed_ns_; }
  std::uint64_t monotonic() const { return first_monotonic_ns + elapsed_ns_; }
  std::uint64_t reading(int clock_id) const { return is_real(clock_id) ? real() : monotonic(); }

  // Deadlines are values of elapsed(); those that have passed are now.
  std::uint64_t after(std::uint64_t wait_ns) const;
  std::uint64_t when(int clock_id, std::uint64_t reading_ns) const;
  std::uint64_t left(std::uint64_t deadline_ns) const {
    return deadline_ns > elapsed_ns_ ? deadline_ns - elapsed_ns_ : 0;
  }

  void move_to(std::uint64_t elapsed_ns);  // never back

 private:
  static bool is_real(int clock_id);

  std::uint64_t start_ns_;
  std::uint64_t elapsed_ns_ = 0;
};

// What was done with it, for the result.
struct ClockCounts {
  std::uint64_t jumps = 0;         // to a deadline while all slept
  std::uint64_t timers_fired = 0;  // waits and timers that came to their end
  std::uint64_t spin_ticks = 0;    // steps for a program that reads the clock until it moves
  std::uint64_t stalls = 0;        // times it followed the CPU time, since nobody came to sleep
};

}  // namespace sb::intercept
