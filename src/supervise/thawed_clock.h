// ThawedClock: CLOCK_MONOTONIC, but it stands still while the program is frozen.
// Must not read a clock: it is told what CLOCK_MONOTONIC says.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sb::supervise {

class ThawedClock {
 public:
  // What this clock shows, or showed, at a time that is not before the last freeze but one.
  std::uint64_t at(std::uint64_t monotonic_ns) const {
    const bool then = frozen_ || monotonic_ns < until_ns_;
    return then ? std::min(monotonic_ns, since_ns_) - before_ns_ : monotonic_ns - stood_ns_;
  }
  // When it will show `reading`; 0: not while it stands.
  std::uint64_t when(std::uint64_t reading) const { return frozen_ ? 0 : reading + stood_ns_; }

  bool stands() const { return frozen_; }
  void freeze(std::uint64_t monotonic_ns) {
    frozen_ = true;
    since_ns_ = monotonic_ns;
    before_ns_ = stood_ns_;
  }
  // `used_ns`: CPU time that the program got all the same. Why: it is no frozen time; a program
  // that found a way to run on must not run beyond its limit by it.
  void thaw(std::uint64_t monotonic_ns, std::uint64_t used_ns) {
    if (!frozen_) {
      return;
    }
    const std::uint64_t passed_ns = monotonic_ns - std::min(since_ns_, monotonic_ns);
    stood_ns_ += passed_ns - std::min(used_ns, passed_ns);
    until_ns_ = monotonic_ns;
    frozen_ = false;
  }

 private:
  bool frozen_ = false;
  std::uint64_t since_ns_ = 0;  // the last freeze
  std::uint64_t until_ns_ = 0;  // and its thaw
  std::uint64_t before_ns_ = 0;
  std::uint64_t stood_ns_ = 0;  // in all; before_ns_: when the last freeze began
};

}  // namespace sb::supervise
