#include "launch/inside/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace sb::inside {

void inside_exit(int code) { _exit(code); }

bool use_every_cpu() {
  // Kernel: bits beyond the machine's CPUs and the cpuset are ignored (sched_setaffinity(2)).
  uint8_t every_cpu[1024];
  memset(every_cpu, 0xff, sizeof every_cpu);
  return syscall(SYS_sched_setaffinity, 0, sizeof every_cpu, every_cpu) >= 0;
}

bool write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t put = write(fd, data, size);
    if (put < 0 && errno != EINTR) {
      return false;
    }
    data += put > 0 ? put : 0;
    size -= put > 0 ? static_cast<size_t>(put) : 0;
  }
  return true;
}

uint64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

void enter(const Plan& plan, Stage stage) {
  const uint32_t number = static_cast<uint32_t>(stage);
  plan.progress->entered_ns[number] = now_ns();
  if (stage >= Stage::join_groups) {
    plan.progress->target_stage = number;
  } else {
    plan.progress->init_stage = number;
  }
}

bool write_report(const Plan& plan, Stage stage, size_t index, int err) {
  StageReport report;
  report.magic = report_magic;
  report.stage = static_cast<uint16_t>(stage);
  report.index = static_cast<uint16_t>(index);
  report.err = err;
  for (;;) {
    // Kernel: a pipe takes up to PIPE_BUF bytes in one piece (pipe(7)).
    const ssize_t put = write(plan.error_fd, &report, sizeof report);
    if (put >= 0 || errno != EINTR) {
      return put == sizeof report;
    }
  }
}

void fail(const Plan& plan, Stage stage, size_t index) {
  (void)!write_report(plan, stage, index, errno);
  inside_exit(inside_failed);
}

long waiting_call(WaitingRole role) { return syscall(SYS_kill, -1, SIGKILL, waiting_cookie, role); }

bool set_ids(uint32_t uid, uint32_t gid) {
  return syscall(SYS_setresgid, gid, gid, gid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0;
}

bool clear_groups() { return syscall(SYS_setgroups, 0, nullptr) == 0; }

bool reduce_capabilities(int keep) {
  __user_cap_header_struct header;
  header.version = _LINUX_CAPABILITY_VERSION_3;
  header.pid = 0;
  __user_cap_data_struct data[2];
  memset(data, 0, sizeof data);
  if (syscall(SYS_capget, &header, data) != 0) {
    return false;
  }
  // Kernel: leaving uid 0 clears the effective set even with PR_SET_KEEPCAPS; the bounding set can
  // be lowered only with CAP_SETPCAP in effect.
  data[0].effective = data[0].permitted;
  data[1].effective = data[1].permitted;
  if (syscall(SYS_capset, &header, data) != 0) {
    return false;
  }
  if ((data[0].effective & (1U << CAP_SETPCAP)) != 0) {
    for (int number = 0;; ++number) {
      if (number == keep || prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) {
        continue;
      }
      // Kernel: EINVAL marks the first number that this kernel does not know. Why asked twice: what
      // else might say so would leave the rest of them.
      if (errno != EINVAL || prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0) {
        return false;
      }
      break;
    }
    // Why: uid 0 of the namespace must not mean privilege at a later execve.
    if (prctl(PR_SET_SECUREBITS,
              SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
              0, 0, 0) != 0) {
      return false;
    }
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return false;
  }
  const uint32_t kept = keep >= 0 ? 1U << static_cast<uint32_t>(keep) : 0;
  data[0].effective = data[0].permitted = data[0].permitted & kept;
  data[1].effective = data[1].permitted = 0;
  data[0].inheritable = data[1].inheritable = 0;
  return syscall(SYS_capset, &header, data) == 0;
}

int openat2_in_root(int root, const char* path, int flags) {
  open_how how;
  memset(&how, 0, sizeof how);
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  // Why: links inside a shared directory must never lead out of the new root, and the magic links
  // of a /proc must not lead anywhere (pitfalls 4, 5, 6).
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how));
}

}  // namespace sb::inside
