// Timers: the timers of the target that go by time: setitimer(ITIMER_REAL), timer_create, timerfd.
// Must not move the clock: it says what is due, and makes it known when told to.
#pragma once

#include <vector>

#include "intercept/clock.h"
#include "intercept/tracee.h"

namespace sb::intercept {

struct Timer {
  enum class Kind { interval, posix, descriptor };
  Kind kind = Kind::interval;
  pid_t process = 0;
  Order order;
  std::uint64_t deadline_ns = never;
  std::uint64_t interval_ns = 0;
  int clock_id = 0;

  int id = 0;      // of posix: as the kernel has numbered it
  int notify = 0;  // SIGEV_*
  int signal = 0;
  pid_t thread = 0;  // as we see it; 0: the whole process
  std::uint64_t value = 0;
  bool sent = false;  // a signal is on its way, or waits
  int overruns = 0;   // since then
  int told_overruns = 0;

  sys::Fd fd;        // of descriptor: the same open file
  pid_t holder = 0;  // who was last seen to have it
  int holder_fd = -1;
};

class Timers {
 public:
  explicit Timers(Tracees& tracees) : tracees_(tracees) {}

  Timer& interval_of(Tracee& user);
  Timer* find_posix(pid_t process, int id);
  Timer& add_posix(Tracee& maker, int id);
  void remove_posix(pid_t process, int id);
  // That of a descriptor of the target's; nullptr where it is no timerfd, or can't be taken.
  Timer* of_descriptor(Tracee& user, int fd);

  void forget_process(pid_t process);  // its end
  void forget_posix(pid_t process);    // its execve

  // The one that is due first; nullptr: there is none.
  Timer* first();
  void fire(Timer& timer);
  // At the delivery of a signal of ours: what the kernel would have said in it.
  void complete(pid_t process, siginfo_t& info);

 private:
  bool is_held(Timer& timer);
  void forget_closed();
  void fire_descriptor(Timer& timer);
  void fire_posix(Timer& timer);

  Tracees& tracees_;
  std::vector<Timer> timers_;
  std::size_t look_again_ = 64;  // for closed ones, once there are so many
};

// The value and interval that timer_gettime and its like show; and what they are set to.
struct TimerSetting {
  std::uint64_t interval_ns = 0;
  std::uint64_t value_ns = 0;
};
TimerSetting setting_of(const Timer& timer, const Clock& clock, std::uint64_t least_ns);
void set_timer(Timer& timer, const Clock& clock, const TimerSetting& setting, bool absolute);

}  // namespace sb::intercept
