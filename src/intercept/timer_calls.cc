// System calls that set and ask timers of real time: those of the table in timers.h.
#include <cerrno>

#include <sys/time.h>
#include <sys/timerfd.h>

#include "intercept/tracer.h"

namespace sb::intercept {
namespace {

constexpr std::int64_t nanos = 1'000'000'000;

// Interval and value, as itimerval and itimerspec have them; an errno where they can't be.
int read_setting(pid_t tid, std::uint64_t address, std::int64_t parts, TimerSetting& setting) {
  std::int64_t words[4] = {};
  if (!sys::read_memory(tid, address, words, sizeof words)) {
    return EFAULT;
  }
  const auto interval = to_ns(words[0], words[1], parts);
  const auto value = to_ns(words[2], words[3], parts);
  if (!interval || !value) {
    return EINVAL;
  }
  setting = {.interval_ns = *interval, .value_ns = *value};
  return 0;
}

bool write_setting(pid_t tid, std::uint64_t address, std::int64_t parts,
                   const TimerSetting& setting) {
  const auto unit = second_ns / static_cast<std::uint64_t>(parts);
  const std::uint64_t words[4] = {
      setting.interval_ns / second_ns, setting.interval_ns % second_ns / unit,
      setting.value_ns / second_ns, setting.value_ns % second_ns / unit};
  return sys::write_memory(tid, address, words, sizeof words);
}

}  // namespace

bool Tracer::on_timer_call(Tracee& tracee, const sys::Registers& registers) {
  const auto number = registers.orig_rax;
  const auto first = static_cast<int>(registers.rdi);
  switch (number) {
    case SYS_alarm:
      answer(tracee, registers, set_alarm(tracee, registers));
      return true;
    case SYS_setitimer:
    case SYS_getitimer:
      if (first != ITIMER_REAL) {
        return false;
      }
      answer(tracee, registers, set_interval(tracee, registers));
      return true;
    case SYS_timer_create:
      if (!Clock::is_virtual(first)) {
        return false;
      }
      watch_end(tracee, registers);
      return true;
    case SYS_timer_delete:
      timers_.remove_posix(tracee.process, first);
      return false;
    case SYS_timer_settime:
    case SYS_timer_gettime:
    case SYS_timer_getoverrun: {
      Timer* const timer = timers_.find_posix(tracee.process, first);
      if (timer == nullptr) {
        return false;
      }
      const long value = number == SYS_timer_getoverrun
                             ? timer->told_overruns
                             : use_timer(tracee, registers, *timer, number == SYS_timer_settime);
      answer(tracee, registers, value);
      return true;
    }
    case SYS_timerfd_settime:
    case SYS_timerfd_gettime: {
      Timer* const timer = timers_.of_descriptor(tracee, first);
      if (timer == nullptr) {
        return false;
      }
      answer(tracee, registers,
             use_timer(tracee, registers, *timer, number == SYS_timerfd_settime));
      return true;
    }
    default:
      return false;
  }
}

// timer_settime and timer_gettime, and their like for descriptors: the arguments are alike.
long Tracer::use_timer(Tracee& tracee, const sys::Registers& registers, Timer& timer, bool sets) {
  const TimerSetting before = setting_of(timer, clock_, 1);
  if (!sets) {
    return write_setting(tracee.tid, registers.rsi, nanos, before) ? 0 : -EFAULT;
  }
  const bool is_descriptor = timer.kind == Timer::Kind::descriptor;
  const auto flags = static_cast<unsigned>(registers.rsi);
  constexpr unsigned known = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  if ((registers.rdx == 0 && !is_descriptor) || (is_descriptor && (flags & ~known) != 0)) {
    return -EINVAL;
  }
  TimerSetting setting;
  if (const int err = read_setting(tracee.tid, registers.rdx, nanos, setting); err != 0) {
    return -err;
  }
  set_timer(timer, clock_, setting, (flags & TIMER_ABSTIME) != 0);
  return registers.r10 == 0 || write_setting(tracee.tid, registers.r10, nanos, before) ? 0
                                                                                       : -EFAULT;
}

// setitimer and getitimer.
long Tracer::set_interval(Tracee& tracee, const sys::Registers& registers) {
  constexpr std::uint64_t least_ns = 1000;
  Timer& timer = timers_.interval_of(tracee);
  const TimerSetting before = setting_of(timer, clock_, least_ns);
  const bool sets = registers.orig_rax == SYS_setitimer;
  const std::uint64_t old = sets ? registers.rdx : registers.rsi;
  TimerSetting setting;
  if (sets && registers.rsi != 0) {
    if (const int err = read_setting(tracee.tid, registers.rsi, second_us, setting); err != 0) {
      return -err;
    }
  }
  if (sets) {
    set_timer(timer, clock_, setting, false);
  }
  if (sets && old == 0) {
    return 0;
  }
  return write_setting(tracee.tid, old, second_us, before) ? 0 : -EFAULT;
}

long Tracer::set_alarm(Tracee& tracee, const sys::Registers& registers) {
  Timer& timer = timers_.interval_of(tracee);
  const std::uint64_t left_ns = setting_of(timer, clock_, 1).value_ns;
  const std::uint64_t seconds = registers.rdi & 0xffffffff;
  set_timer(timer, clock_, {.value_ns = seconds * second_ns}, false);
  // Kernel: rounded to seconds, but never to 0 while one is to come (alarm_setitimer).
  const std::uint64_t rounded = (left_ns + second_ns / 2) / second_ns;
  return static_cast<long>(left_ns != 0 && rounded == 0 ? 1 : rounded);
}

}  // namespace sb::intercept
