// The target before it is the program: walks its stages and execs.
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/inside.h"

namespace sb::inside {
namespace {

constexpr int highest_signal = 64;
constexpr mode_t umask_of_target = 022;

void join_groups(const Plan& plan) {
  enter(plan, Stage::join_groups);
  // Why: first, so that all the target ever uses is charged to its group.
  // Kernel: writing 0 to `tasks` moves the writer; `cgroup.procs` would wait for an RCU grace
  // period, 6 ms and more. The right to do so is that of the opener, the supervisor.
  const int* fds = plan.group_follows ? late_groups.fds : plan.join_fds;
  const size_t count = plan.group_follows ? late_groups.count : plan.join_count;
  for (size_t i = 0; i < count; ++i) {
    if (write(fds[i], "0", 1) != 1) {
      fail(plan, Stage::join_groups, i);
    }
  }
  // Kernel: before 6.3, who is cloned into a v2 group keeps the CPUs of its parent, whatever the
  // group's cpuset says; asking for all of them gives the group's.
  if (plan.clone_into_fd >= 0 && !use_every_cpu()) {
    fail(plan, Stage::join_groups, count);
  }
  enter(plan, Stage::cgroup_namespace);
  // Why: after the join, so that the group is the root of what the target sees: done in the first
  // clone, the group's name shows in /proc/self/cgroup.
  if (plan.cgroup_namespace && unshare(CLONE_NEWCGROUP) != 0) {
    fail(plan, Stage::cgroup_namespace);
  }
}

void leave_the_caller(const Plan& plan) {
  enter(plan, Stage::session);
  // Why: a session of its own has no controlling terminal: no TIOCSTI, no job control (pitfall 8).
  if (setsid() < 0) {
    fail(plan, Stage::session);
  }
  enter(plan, Stage::keyring);
  // Why: keyrings are not namespaced; an empty session keyring replaces the caller's (pitfall 13).
  // Kernel: ENOSYS where there are no keyrings at all.
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS) {
    fail(plan, Stage::keyring);
  }
}

void take_descriptors(const Plan& plan) {
  enter(plan, Stage::stdio);
  // Why: every source is above 2 (the supervisor sees to it), so no dup overwrites another's.
  for (int number = 0; number < 3; ++number) {
    if (dup3(plan.stdio[number], number, 0) < 0) {
      fail(plan, Stage::stdio, static_cast<size_t>(number));
    }
  }
  enter(plan, Stage::put);
  // Why before the limits: the caller's files are not the program's; and before chdir, which may
  // lead into one of them.
  if (plan.put_count > 0 && !put_files(plan)) {
    fail(plan, Stage::put);
  }
  enter(plan, Stage::rlimit);
  for (size_t i = 0; i < plan.limit_count; ++i) {
    rlimit64 limit;
    limit.rlim_cur = plan.limits[i].soft;
    limit.rlim_max = plan.limits[i].hard;
    if (syscall(SYS_prlimit64, 0, plan.limits[i].resource, &limit, nullptr) != 0) {
      fail(plan, Stage::rlimit, i);
    }
  }
  enter(plan, Stage::umask);
  umask(umask_of_target);
  enter(plan, Stage::chdir);
  // Why: while still able to enter a directory that only its owner may.
  if (chdir(plan.directory) != 0) {
    fail(plan, Stage::chdir);
  }
  enter(plan, Stage::close_fds);
  // Why: all but the error pipe, which must last until exec; descriptors that a caller leaked are
  // among them (pitfall 1). Kernel: close_range(2) since 5.9.
  const unsigned error = static_cast<unsigned>(plan.error_fd);
  if ((error > 3 && syscall(SYS_close_range, 3U, error - 1, 0U) != 0) ||
      syscall(SYS_close_range, error + 1, ~0U, 0U) != 0) {
    fail(plan, Stage::close_fds);
  }
}

void drop_privileges(const Plan& plan) {
  enter(plan, Stage::groups);
  if (plan.drop_groups && !clear_groups()) {
    fail(plan, Stage::groups);
  }
  enter(plan, Stage::ids);
  // Why: the capabilities must outlast the change of ids by one stage, to empty the bounding set.
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
      ((plan.map_ids || plan.plain_ids) && !set_ids(plan.uid, plan.gid))) {
    fail(plan, Stage::ids);
  }
  enter(plan, Stage::caps);
  if (!reduce_capabilities(-1)) {
    fail(plan, Stage::caps);
  }
}

void reset_signals(const Plan& plan) {
  enter(plan, Stage::signals);
  // Kernel: ignored signals and the mask pass through execve; the caller's must not (pitfall 23).
  // CLONE_CLEAR_SIGHAND would leave the ignored ones.
  // Why: the raw call, since glibc refuses the two signals that it uses itself.
  struct {
    uint64_t handler, flags, restorer, mask;
  } const action = {0, 0, 0, 0};  // SIG_DFL
  for (int number = 1; number <= highest_signal; ++number) {
    const bool fixed = number == SIGKILL || number == SIGSTOP;
    if (!fixed && syscall(SYS_rt_sigaction, number, &action, nullptr, sizeof action.mask) != 0) {
      fail(plan, Stage::signals);
    }
  }
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) != 0) {
    fail(plan, Stage::signals);
  }
}

bool load_filter(const sock_filter* instructions, uint16_t size, unsigned long flags, long* fd) {
  sock_fprog program;
  program.len = size;
  // Safety: the kernel only reads the program; the struct has no const.
  program.filter = const_cast<sock_filter*>(instructions);
  *fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return *fd >= 0;
}

// Returns the listener, or -1 where the plan wants none.
int confine(const Plan& plan) {
  enter(plan, Stage::no_new_privs);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    fail(plan, Stage::no_new_privs);
  }
  // Kernel: pidfd_getfd(2) by an unprivileged supervisor needs a dumpable process; the change of
  // ids has made this one not so. Nobody else can trace it yet, and exec decides anew.
  if (plan.listener && (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ||
                        !write_report(plan, Stage::hand_listener, 0, 0))) {
    fail(plan, Stage::hand_listener);
  }
  enter(plan, Stage::seccomp);
  // Why: last, so that the filter judges the program's calls and not ours (pitfall 14).
  long listener = -1;
  // Kernel: both last over an execve. No clock is read from here on: its vDSO would be killed by
  // the time stamp counter, and its call is not there before somebody traces us.
  if (plan.trace_filter != nullptr &&
      (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0 ||
       !load_filter(plan.trace_filter, plan.trace_filter_size, 0, &listener))) {
    fail(plan, Stage::seccomp, 1);
  }
  const unsigned long flags = plan.listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  if (!load_filter(plan.filter, plan.filter_size, flags, &listener)) {
    fail(plan, Stage::seccomp);
  }
  return plan.listener ? static_cast<int>(listener) : -1;
}

void hand_over(const Plan& plan, int listener) {
  plan.progress->target_stage = static_cast<uint32_t>(Stage::hand_listener);
  plan.progress->listener = listener;
  // Kernel: pidfd_getfd(2) by a supervisor without CAP_SYS_PTRACE needs a dumpable memory, and the
  // guard, which shares it, ends that.
  if (plan.wait_for_taker && (waiting_call(WaitingRole::target) == 0 || errno != EAGAIN)) {
    fail(plan, Stage::hand_listener);
  }
  // Why: what the filter notifies of the guard's start waits for the supervisor, which waves it
  // through.
  if (!start_guard(plan)) {
    fail(plan, Stage::hand_listener);
  }
  // Why: answered once the guard waits, too: from now on a forbidden call is the program's own. Any
  // other answer is not the supervisor's, which would go on to wave calls through.
  if (waiting_call(WaitingRole::target) == 0 || errno != EAGAIN) {
    fail(plan, Stage::hand_listener);
  }
}

}  // namespace

void run_target(const Plan& plan) {
  join_groups(plan);
  leave_the_caller(plan);
  take_descriptors(plan);
  drop_privileges(plan);
  reset_signals(plan);
  const int listener = confine(plan);
  if (plan.listener) {
    hand_over(plan, listener);
  }
  // Why: no enter(): where the clock is no vDSO one, reading it is a call that the filter judges.
  // The stamp of Stage::seccomp is the start of the program's time, or the supervisor's own stamp
  // where it handed over a listener in between.
  plan.progress->target_stage = static_cast<uint32_t>(Stage::exec);
  execve(plan.program, plan.argv, plan.environment);
  plan.progress->exec_errno = errno;
  fail(plan, Stage::exec);
}

}  // namespace sb::inside
