#include "intercept/calls.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace sb::intercept {
namespace {

using enum WaitForm;
using enum WaitEnd;

constexpr std::array waits = {
    WaitRow{SYS_futex, timespec, 3, timed_out, false},
    WaitRow{SYS_epoll_wait, milliseconds, 3, zero, false},
    WaitRow{SYS_epoll_pwait, milliseconds, 3, zero, false},
    WaitRow{SYS_poll, milliseconds, 2, zero, false},
    WaitRow{SYS_ppoll, timespec, 2, zero, true},
    WaitRow{SYS_select, timeval, 4, zero, true},
    WaitRow{SYS_pselect6, timespec, 4, zero, true},
    WaitRow{SYS_epoll_pwait2, timespec, 3, zero, false},
    WaitRow{SYS_rt_sigtimedwait, timespec, 2, again, false},
    WaitRow{SYS_semtimedop, timespec, 3, again, false},
    WaitRow{SYS_mq_timedsend, absolute, 4, timed_out, false},
    WaitRow{SYS_mq_timedreceive, absolute, 4, timed_out, false},
    WaitRow{SYS_io_getevents, timespec, 4, zero, false},
    WaitRow{SYS_io_pgetevents, timespec, 4, zero, false},
    WaitRow{SYS_recvmmsg, timespec, 4, again, false},
    WaitRow{call_futex_waitv, absolute, 3, timed_out, false},
    WaitRow{call_futex_wait, absolute, 4, timed_out, false},
    WaitRow{SYS_nanosleep, sleep, 0, zero, false},
    WaitRow{SYS_clock_nanosleep, sleep, 2, zero, false},
};

constexpr std::array clocks = {
    SYS_clock_gettime, SYS_gettimeofday,    SYS_time,
    SYS_times,         SYS_sysinfo,         SYS_alarm,
    SYS_setitimer,     SYS_getitimer,       SYS_timer_create,
    SYS_timer_settime, SYS_timer_gettime,   SYS_timer_getoverrun,
    SYS_timer_delete,  SYS_timerfd_settime, SYS_timerfd_gettime,
};

struct Refusal {
  int number;
  int err;
};
// Why ENOSYS: what is not there has a fallback in every libc. Of clone3 the flags lie in memory.
constexpr std::array refusals = {
    Refusal{SYS_clone3, ENOSYS},         Refusal{SYS_io_uring_setup, ENOSYS},
    Refusal{SYS_io_uring_enter, ENOSYS}, Refusal{SYS_io_uring_register, ENOSYS},
    Refusal{SYS_ptrace, EPERM},          Refusal{SYS_clock_settime, EPERM},
    Refusal{SYS_settimeofday, EPERM},    Refusal{SYS_adjtimex, EPERM},
    Refusal{SYS_clock_adjtime, EPERM},
};
constexpr auto refused_numbers = [] {
  std::array<int, refusals.size()> numbers{};
  std::transform(refusals.begin(), refusals.end(), numbers.begin(),
                 [](const Refusal& refusal) { return refusal.number; });
  return numbers;
}();

}  // namespace

std::span<const WaitRow> all_waits() { return waits; }

const WaitRow* find_wait(long number) {
  const auto* const found = std::find_if(
      waits.begin(), waits.end(), [&](const WaitRow& wait) { return wait.number == number; });
  return found != waits.end() ? found : nullptr;
}

std::span<const int> clock_calls() { return clocks; }

std::span<const int> refused_calls() { return refused_numbers; }

int refusal_of(long number) {
  const auto* const found =
      std::find_if(refusals.begin(), refusals.end(),
                   [&](const Refusal& refusal) { return refusal.number == number; });
  return found != refusals.end() ? found->err : 0;
}

}  // namespace sb::intercept
