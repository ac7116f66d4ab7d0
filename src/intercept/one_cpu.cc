#include "intercept/one_cpu.h"

#include <sys/prctl.h>

namespace sb::intercept {
namespace {

// One that the target may use, our own if possible.
int choose(const cpu_set_t& allowed) {
  const int own = ::sched_getcpu();
  if (own >= 0 && own < CPU_SETSIZE && CPU_ISSET(own, &allowed)) {
    return own;
  }
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) {
      return cpu;
    }
  }
  return -1;
}

}  // namespace

OneCpu::OneCpu(pid_t target) : before_{} {
  (void)::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  cpu_set_t allowed{};
  CPU_ZERO(&before_);
  // Why nothing fails here: on several CPUs it is slower, and no less true.
  if (::sched_getaffinity(0, sizeof before_, &before_) != 0 ||
      ::sched_getaffinity(target, sizeof allowed, &allowed) != 0) {
    CPU_ZERO(&before_);
    return;
  }
  const int cpu = choose(allowed);
  if (cpu < 0) {
    return;
  }
  cpu_set_t one{};
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (::sched_setaffinity(target, sizeof one, &one) == 0) {
    (void)::sched_setaffinity(0, sizeof one, &one);
    // Kernel: who is SCHED_BATCH gets the CPU once the other is done, not at each wake-up
    // (sched(7)). Why: our timers found threads on their way to a stop or to sleep; what is asked
    // of such a one (ptrace(2), /proc/PID/syscall) then takes a tick of some milliseconds
    // (wait_task_inactive() in kernel/sched/core.c), in which nothing runs.
    const sched_param none{};
    batch_ =
        ::sched_getscheduler(0) == SCHED_OTHER && ::sched_setscheduler(0, SCHED_BATCH, &none) == 0;
  }
}

OneCpu::~OneCpu() {
  const sched_param none{};
  if (batch_) {
    (void)::sched_setscheduler(0, SCHED_OTHER, &none);
  }
  if (CPU_COUNT(&before_) > 0) {
    (void)::sched_setaffinity(0, sizeof before_, &before_);
  }
  (void)::prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);  // Kernel: 0 is the slack of before.
}

}  // namespace sb::intercept
