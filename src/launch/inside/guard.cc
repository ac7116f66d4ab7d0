// The guard: a process of ours that holds the target's filter for as long as init lives.
//
// Why: a forbidden call is a notification, and the kernel drops one whose caller is killed, or
// interrupted by a signal, before the supervisor has received it; the call never runs, but nobody
// would know of it. The number of dropped ones can still be had from the listener, but only while
// some task holds the filter (decisions 1). So the guard outlives everything else inside.
//
// Being under the filter, it can make no call of its own choosing. It waits by making the one call
// that the filter always notifies: the supervisor leaves it unanswered, and answers "go on" when
// the rest is to be killed, which spares the caller itself.
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/inside.h"

namespace sb::inside {
namespace {

constexpr size_t stack_size = 4096;
alignas(16) char guard_stack[stack_size];

// A call by which the filter knows us: its sixth argument, which no call here has, is the cookie.
// Why: where the policy refuses it with an errno, it is notified in that place
// (seccomp/compile.cc).
long own_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  return syscall(number, a, b, c, d, 0L, static_cast<long>(waiting_cookie));
}

// Every call here is made before the supervisor lets the program start, and is waved through.
int guard_main(void*) {
  const uint64_t all_signals = ~0ULL;
  const bool ready =
      own_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all_signals), 0,
               sizeof all_signals) == 0 &&
      // Why: out of the target's process group, so that no signal forwarded to that reaches it.
      own_call(SYS_setsid) >= 0 &&
      // Why: what is not dumpable can't be traced, and does not show in a /proc with hidepid.
      own_call(SYS_prctl, PR_SET_DUMPABLE) == 0 &&
      // Why: it must hold no pipe open; the end of the error pipe means that the program runs.
      own_call(SYS_close_range, 0, 0xffffffffL) == 0;
  // Why: init, whose child it is, ends a launch whose guard has ended.
  if (!ready) {
    _exit(inside_failed);
  }
  for (;;) {
    // Kernel: ENOSYS once nobody has the listener: the run is over. Where the filter forbids the
    // exit, too, init's end is also the guard's.
    if (waiting_call(WaitingRole::guard) < 0 && errno == ENOSYS) {
      (void)!syscall(SYS_exit_group, 0);
    }
  }
}

}  // namespace

bool start_guard(const Plan& plan) {
  // Kernel: CLONE_PARENT makes it init's child; CLONE_VM spares copying page tables, and the memory
  // stays the guard's when the target execs.
  const int pid =
      clone(guard_main, guard_stack + stack_size, CLONE_VM | CLONE_PARENT | SIGCHLD, nullptr);
  plan.progress->guard_pid = pid > 0 ? pid : 0;
  return pid > 0;
}

}  // namespace sb::inside
