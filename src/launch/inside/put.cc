// The helper that puts files inside before the program starts, with the rights of the target.
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/inside/inside.h"
#include "launch/inside/unpack.h"

namespace sb::inside {
namespace {

// Nothing but files, below directories that are open.
bool confine_helper() {
#ifdef __SANITIZE_ADDRESS__
  return true;  // Why: ASan maps memory.
#else
  static constexpr uint32_t allowed[] = {SYS_read,      SYS_write,      SYS_openat,   SYS_openat2,
                                         SYS_close,     SYS_mkdirat,    SYS_unlinkat, SYS_symlinkat,
                                         SYS_utimensat, SYS_exit_group, SYS_linkat};
  constexpr size_t count = sizeof allowed / sizeof allowed[0];
  sock_filter code[count + 6];
  size_t size = 0;
  code[size++] = {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, arch)};
  code[size++] = {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64};
  code[size++] = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS};
  code[size++] = {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)};
  for (size_t i = 0; i < count; ++i) {
    // Jumps over the remaining comparisons and the kill.
    code[size++] = {BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint8_t>(count - i), 0, allowed[i]};
  }
  code[size++] = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS};
  code[size++] = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  sock_fprog program;
  program.len = static_cast<unsigned short>(size);
  program.filter = code;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
#endif
}

[[noreturn]] void run_helper(const Plan& plan) {
  start_unpacking(plan.put_fd);
  umask(0);
  const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  // Why the rights of the target and no more: what it could not write is not to be written for it.
  const bool ready = root >= 0 && (!plan.drop_groups || clear_groups()) &&
                     prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 &&
                     ((!plan.map_ids && !plan.plain_ids) || set_ids(plan.uid, plan.gid)) &&
                     reduce_capabilities(-1) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                     confine_helper();
  if (!ready) {
    end_unpacking(errno);
  }
  for (uint32_t i = 0; i < plan.put_count; ++i) {
    unpack(i, root, plan.puts[i]);
  }
  inside_exit(0);
}

}  // namespace

constexpr int highest_descriptor = 0x7fffffff;

void unpack_root(int feed, int directory) {
  start_unpacking(feed);
  umask(0);
  // Why a root of its own: if its words to the kernel were ever not its own any more, there is
  // nothing else to name. An ordinary user has the right to that in a user namespace only.
  const bool moved =
      fchdir(directory) == 0 &&
      (chroot(".") == 0 || (syscall(SYS_unshare, CLONE_NEWUSER) == 0 && chroot(".") == 0)) &&
      chdir("/") == 0;
  const int root = moved ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  const int highest = root > feed ? root : feed;
  const int lowest = root > feed ? feed : root;
  const auto close_all = [](int from, int to) {
    return from > to || syscall(SYS_close_range, from, to, 0) == 0;
  };
  const bool ready = root >= 0 && close_all(0, lowest - 1) && close_all(lowest + 1, highest - 1) &&
                     close_all(highest + 1, highest_descriptor) && reduce_capabilities(-1) &&
                     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && confine_helper();
  if (!ready) {
    end_unpacking(errno);
  }
  const PutStep step{
      .target = "", .name = nullptr, .into = false, .whole_root = true, .own = false};
  unpack(0, root, step);
  inside_exit(0);
}

bool put_files(const Plan& plan) {
  clone_args args;
  memset(&args, 0, sizeof args);
  args.exit_signal = SIGCHLD;
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) {
    return false;
  }
  if (pid == 0) {
    run_helper(plan);
  }
  int status = 0;
  pid_t waited = 0;
  do {
    waited = waitpid(pid, &status, 0);
  } while (waited < 0 && errno == EINTR);
  if (waited == pid && status == 0) {
    return true;
  }
  errno = ECHILD;
  return false;
}

}  // namespace sb::inside
