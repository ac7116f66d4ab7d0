// Init: PID 1 of the sandbox. Builds the root, starts the target, confines itself; then family.cc.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/family.h"
#include "launch/inside/init_filter.h"
#include "launch/inside/inside.h"

extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*);
extern "C" int umount2(const char*, int);

namespace sb::inside {
namespace {

constexpr unsigned long flag_nosuid = 2;             // MS_NOSUID
constexpr unsigned long flag_nodev = 4;              // MS_NODEV
constexpr unsigned long flag_recursive = 1UL << 14;  // MS_REC
constexpr unsigned long flag_private = 1UL << 18;    // MS_PRIVATE
constexpr int detach_mount = 2;                      // MNT_DETACH

struct Target {
  pid_t pid;
  int pidfd;
};

void await_go(const Plan& plan) {
  enter(plan, Stage::await_go);
  // Why: while init itself held the other end, a supervisor killed now would leave it waiting for
  // ever (pitfall 19).
  close(plan.control_peer_fd);
  ControlMsg message;
  ssize_t got = 0;
  do {
    got = recv(plan.control_fd, &message, sizeof message, 0);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof message || message.kind != ControlKind::go) {
    // The supervisor is gone, or gave up: there is nobody to report to.
    inside_exit(inside_failed);
  }
}

// Why: a caller's nice level, policy, affinity or personality must not reach the verdict.
void reset_scheduling(const Plan& plan) {
  enter(plan, Stage::scheduling);
  sched_param parameters;
  memset(&parameters, 0, sizeof parameters);
  const bool reset = sched_setscheduler(0, SCHED_OTHER, &parameters) == 0 && use_every_cpu() &&
                     syscall(SYS_personality, 0UL) >= 0;
  if (!reset) {
    fail(plan, Stage::scheduling);
  }
  // Kernel: raising the nice level back to 0 needs CAP_SYS_NICE in the host's user namespace or
  // RLIMIT_NICE; an unprivileged caller's own level stays, as its own choice for its own work.
  (void)!setpriority(PRIO_PROCESS, 0, 0);
  // Kernel: newer <linux/ioprio.h> has a parameter named `class`, which C++ can't read.
  constexpr int ioprio_who_process = 1;
  (void)!syscall(SYS_ioprio_set, ioprio_who_process, 0, 0);
}

void take_ids(const Plan& plan) {
  enter(plan, Stage::ids_of_init);
  if (plan.drop_groups && !clear_groups()) {
    fail(plan, Stage::ids_of_init);
  }
  if (plan.map_ids && !set_ids(0, 0)) {
    fail(plan, Stage::ids_of_init);
  }
  enter(plan, Stage::pdeathsig);
  // Why: after the ids, whose change clears it. If the supervisor died before this line, the
  // control socket has ended, which init polls (pitfall 19).
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    fail(plan, Stage::pdeathsig);
  }
}

// Returns a descriptor of the list of init's children, or -1 on a kernel without it.
int build_root(const Plan& plan) {
  enter(plan, Stage::private_mounts);
  // Why: opened before the new root may hide the host's /proc.
  const int mountinfo = plan.remount ? open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) : -1;
  if (plan.remount && mountinfo < 0) {
    fail(plan, Stage::private_mounts);
  }
  // Why: before all other mounts, so that nothing below is ever seen by the host.
  if (mount(nullptr, "/", nullptr, flag_recursive | flag_private, nullptr) != 0 ||
      mount("tmpfs", plan.staging, "tmpfs", flag_nosuid | flag_nodev, plan.root_data) != 0) {
    fail(plan, Stage::private_mounts);
  }
  const int root = open(plan.staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0 || fchdir(root) != 0) {
    fail(plan, Stage::private_mounts);
  }
  enter(plan, Stage::mount);
  size_t index = 0;
  if (!do_mounts(plan, root, mountinfo, &index)) {
    fail(plan, Stage::mount, index);
  }
  if (mountinfo >= 0) {
    close(mountinfo);
  }
  // Why: tells when only the guard is left; read while /proc is at hand.
  const int children = open("proc/self/task/1/children", O_RDONLY | O_CLOEXEC);
  enter(plan, Stage::pivot_root);
  // Kernel: pivot_root(".", ".") stacks the old root on the new one, so no directory for it is
  // needed; unmounting "." then removes it (pivot_root(2)).
  if (syscall(SYS_pivot_root, ".", ".") != 0) {
    fail(plan, Stage::pivot_root);
  }
  return children;
}

// The second half of Stage::pivot_root. Kernel: waits for an RCU grace period.
bool drop_old_root() { return umount2(".", detach_mount) == 0 && chdir("/") == 0; }

void set_up_network(const Plan& plan) {
  enter(plan, Stage::loopback);
  if (plan.loopback) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
      fail(plan, Stage::loopback);
    }
    close(fd);
  }
  enter(plan, Stage::hostname);
  if (syscall(SYS_sethostname, plan.hostname, plan.hostname_size) != 0 ||
      syscall(SYS_setdomainname, "", 0) != 0) {
    fail(plan, Stage::hostname);
  }
}

// Why: the supervisor makes v1 groups while init mounts, on a CPU of its own.
void await_group(const Plan& plan) {
  if (!plan.group_follows) {
    return;
  }
  enter(plan, Stage::await_group);
  if (!receive_groups(plan)) {
    // The supervisor is gone, or gave up and says why.
    inside_exit(inside_failed);
  }
}

// Why before the target: what is put inside is not the sandbox's own.
DiskUse disk_use(const Plan& plan) {
  enter(plan, Stage::spawn_target);
  struct statfs status;
  memset(&status, 0, sizeof status);
  if (syscall(SYS_fstatfs, scratch_fd, &status) != 0) {
    fail(plan, Stage::spawn_target);
  }
  const DiskUse use = {(status.f_blocks - status.f_bfree) * static_cast<uint64_t>(status.f_bsize),
                       status.f_files - status.f_ffree};
  return use;
}

Target spawn_target(const Plan& plan) {
  Target target;
  target.pidfd = -1;
  clone_args args;
  memset(&args, 0, sizeof args);
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&target.pidfd);  // Safety: clone3(2) takes addresses so.
  args.exit_signal = SIGCHLD;
  if (plan.clone_into_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(plan.clone_into_fd);
  }
  target.pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  if (target.pid < 0) {
    fail(plan, Stage::spawn_target);
  }
  if (target.pid == 0) {
    run_target(plan);
  }
  return target;
}

// Where the program becomes known only now. Why init may still mount: nothing but our own code has
// run in here so far.
void await_program(const Plan& plan) {
  if (plan.late == nullptr) {
    return;
  }
  enter(plan, Stage::await_program);
  ControlMsg message;
  int tree = -1;
  const int count = receive_message(plan, &message, &tree, 1);
  if (count == 0 && message.kind == ControlKind::go) {
    return;
  }
  if (count == 0 && message.kind == ControlKind::kill) {
    (void)!kill(-1, SIGKILL);
    return;
  }
  if (count != 1 || message.kind != ControlKind::attach) {
    inside_exit(inside_failed);  // The supervisor is gone, or gave up and says why.
  }
  MountStep steps[sizeof plan.late->steps / sizeof plan.late->steps[0]];
  memcpy(steps, plan.late->steps, sizeof steps);
  for (MountStep& step : steps) {
    step.fd = tree;
  }
  Plan program = plan;
  program.mounts = steps;
  program.mount_count = plan.late->step_count;
  const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  size_t index = 0;
  if (root < 0 || !do_mounts(program, root, -1, &index)) {
    fail_late(plan, Stage::await_program, index);
  }
  close(root);
  close(tree);
  report_time(plan, ControlKind::attached, now_ns());
}

// From here on init holds nothing but the control socket, a signalfd and the list of its children,
// and may do little else than wait, signal and answer.
void confine_self(const Plan& plan, int children) {
  enter(plan, Stage::drop_self);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0 || dup3(signals, signals_fd, O_CLOEXEC) < 0 ||
      dup3(children >= 0 ? children : signals, children_fd, O_CLOEXEC) < 0 ||
      dup3(signals, 2, O_CLOEXEC) < 0) {
    fail_late(plan, Stage::drop_self);
  }
  // Why: the name is all that the target could see of init, and only where /proc is shared.
  (void)!prctl(PR_SET_NAME, "init", 0, 0, 0);
  // Why: CAP_KILL alone stays: the target has another host id where there are two (decisions 2).
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !reduce_capabilities(CAP_KILL)) {
    fail_late(plan, Stage::drop_self);
  }
  enter(plan, Stage::confine_self);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !install_init_filter()) {
    fail_late(plan, Stage::confine_self);
  }
  const unsigned control = static_cast<unsigned>(plan.control_fd);
  if ((control > 3 && syscall(SYS_close_range, 3U, control - 1, 0U) != 0) ||
      syscall(SYS_close_range, control + 1, ~0U, 0U) != 0) {
    fail_late(plan, Stage::confine_self);
  }
}

}  // namespace

void run_init(const Plan& plan) {
  await_go(plan);
  reset_scheduling(plan);
  take_ids(plan);
  const int children = build_root(plan);
  if (!plan.listener && !drop_old_root()) {
    fail(plan, Stage::pivot_root);
  }
  set_up_network(plan);
  await_group(plan);
  rusage usage;
  memset(&usage, 0, sizeof usage);
  (void)!getrusage(RUSAGE_SELF, &usage);
  const DiskUse use = disk_use(plan);
  const Target target = spawn_target(plan);
  // Why now: its end means that the target runs or is dead, however long init still takes.
  close(plan.error_fd);
  // Why now: the target confines itself meanwhile, which takes as long. Safety: it becomes the
  // program only once the supervisor has its listener, for which it needs the pidfd that is sent
  // below; where there is no listener, it is done before the clone.
  if (plan.listener && !drop_old_root()) {
    fail_late(plan, Stage::pivot_root);
  }
  const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    fail_late(plan, Stage::spawn_target);
  }
  send_started(plan, target.pidfd, root, scratch_fd, use);
  await_program(plan);
  confine_self(plan, children);
  Family family;
  memset(&family, 0, sizeof family);
  family.main_pid = target.pid;
  family.can_list = children >= 0;
  serve(plan, family, static_cast<uint64_t>(usage.ru_maxrss));
}

}  // namespace sb::inside
