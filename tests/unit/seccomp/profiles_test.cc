// The built-in profiles against lists made by hand: what must be refused, and what must work.
#include <cerrno>

#include "profile_filter.h"

#include <doctest/doctest.h>
#include <sched.h>

using sbtest::Filter;

namespace {

constexpr std::array<const char*, 12> profiles = {"default", "c",     "go",      "cpp",
                                                  "rust",    "java",  "node",    "python",
                                                  "perl",    "shell", "compile", "strict"};
constexpr std::array<const char*, 10> general_profiles = {
    "default", "c", "go", "cpp", "rust", "java", "node", "python", "perl", "shell"};

// What Docker's default profile refuses to a container without added capabilities, and
// process_vm_* and ptrace, which it lets through on kernels from 4.8 on.
constexpr std::string_view docker_refuses[] = {"_sysctl",
                                               "acct",
                                               "add_key",
                                               "bpf",
                                               "clock_adjtime",
                                               "clock_settime",
                                               "clone3",
                                               "create_module",
                                               "delete_module",
                                               "fanotify_init",
                                               "finit_module",
                                               "fsconfig",
                                               "fsmount",
                                               "fsopen",
                                               "fspick",
                                               "get_kernel_syms",
                                               "get_mempolicy",
                                               "init_module",
                                               "io_uring_enter",
                                               "io_uring_register",
                                               "io_uring_setup",
                                               "ioperm",
                                               "iopl",
                                               "kcmp",
                                               "kexec_file_load",
                                               "kexec_load",
                                               "keyctl",
                                               "lookup_dcookie",
                                               "mbind",
                                               "migrate_pages",
                                               "mount",
                                               "mount_setattr",
                                               "move_mount",
                                               "move_pages",
                                               "name_to_handle_at",
                                               "nfsservctl",
                                               "open_by_handle_at",
                                               "open_tree",
                                               "open_tree_attr",
                                               "perf_event_open",
                                               "pidfd_getfd",
                                               "pivot_root",
                                               "process_madvise",
                                               "process_vm_readv",
                                               "process_vm_writev",
                                               "ptrace",
                                               "query_module",
                                               "quotactl",
                                               "quotactl_fd",
                                               "reboot",
                                               "request_key",
                                               "set_mempolicy",
                                               "set_mempolicy_home_node",
                                               "sethostname",
                                               "setdomainname",
                                               "setns",
                                               "settimeofday",
                                               "swapoff",
                                               "swapon",
                                               "sysfs",
                                               "syslog",
                                               "umount2",
                                               "unshare",
                                               "uselib",
                                               "userfaultfd",
                                               "ustat",
                                               "vhangup",
                                               "chroot",
                                               "statmount",
                                               "listmount",
                                               "lsm_get_self_attr",
                                               "lsm_set_self_attr",
                                               "lsm_list_modules"};

}  // namespace

TEST_CASE("profiles: nothing is allowed that the default of Docker refuses") {
  for (const char* name : profiles) {
    const Filter filter(name);
    for (const std::string_view call : docker_refuses) {
      CAPTURE(name);
      CAPTURE(call);
      CHECK_FALSE(filter.allows(call));
      CHECK_FALSE(filter.allows(call, {1, 1, 1, 1, 1, 1}));
    }
  }
}

TEST_CASE("profiles: p9 no new namespace by clone whatever else is set") {
  for (const char* name : profiles) {
    const Filter filter(name);
    for (const std::uint64_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                     CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
      for (const std::uint64_t rest : {0x11ULL, 0x3d0f00ULL, 0xffffffff'00000000ULL}) {
        CAPTURE(name);
        CAPTURE(flag | rest);
        CHECK_FALSE(filter.allows("clone", {flag | rest}));
      }
    }
    CHECK(filter.allows("clone", {0x3d0f00}));  // as glibc makes a thread
    CHECK(filter("clone3") == (SECCOMP_RET_ERRNO | ENOSYS));
  }
}

TEST_CASE("profiles: p9 only the socket families of the run") {
  for (const char* name : general_profiles) {
    const Filter filter(name);
    CAPTURE(name);
    CHECK(filter.allows("socket", {1, 1, 0}));
    CHECK(filter.allows("socket", {2, 1, 6}));
    CHECK(filter.allows("socket", {10, 1 | 02000000 | 04000, 0}));
    CHECK(filter.allows("socket", {2, 2, 17}));
    CHECK(filter.allows("socketpair", {1, 1, 0}));
    CHECK_FALSE(filter.allows("socket", {2, 3, 255}));  // raw
    CHECK_FALSE(filter.allows("socket", {2, 1, 132}));  // SCTP, which would load a module
    CHECK_FALSE(filter.allows("socket", {2, 5, 0}));
    for (std::uint64_t family = 0; family < 64; ++family) {
      if (family != 1 && family != 2 && family != 10) {
        CAPTURE(family);
        CHECK(filter("socket", {family, 1, 0}) == (SECCOMP_RET_ERRNO | EAFNOSUPPORT));
        CHECK(filter("socket", {family | 1ULL << 32, 1, 0}) == (SECCOMP_RET_ERRNO | EAFNOSUPPORT));
        CHECK_FALSE(filter.allows("socketpair", {family, 1, 0}));
      }
    }
  }
  const Filter strict("strict");
  for (std::uint64_t family = 0; family < 64; ++family) {
    CHECK_FALSE(strict.allows("socket", {family, 1, 0}));
  }
}

TEST_CASE("profiles: p8 p9 no typing into the terminal of the caller") {
  for (const char* name : profiles) {
    const Filter filter(name);
    for (const std::uint64_t high : {0ULL, 1ULL << 32, 0xffffffffULL << 32}) {
      CAPTURE(name);
      CHECK_FALSE(filter.allows("ioctl", {0, high | 0x5412}));  // TIOCSTI
      CHECK_FALSE(filter.allows("ioctl", {0, high | 0x541c}));  // TIOCLINUX
      CHECK(filter.allows("ioctl", {0, high | 0x5401}));        // TCGETS
    }
  }
}

TEST_CASE("profiles: personality keeps address space randomization") {
  for (const char* name : profiles) {
    const Filter filter(name);
    CAPTURE(name);
    CHECK_FALSE(filter.allows("personality", {0x0040000}));
    CHECK_FALSE(filter.allows("personality", {0x0400000}));
    CHECK_FALSE(filter.allows("personality", {1ULL << 32 | 0x0040000}));
  }
  CHECK(Filter("default").allows("personality", {0xffffffff}));
  CHECK(Filter("default").allows("personality", {0}));
}

TEST_CASE("profiles: pid 1 is out of reach") {
  for (const char* name : profiles) {
    const Filter filter(name);
    CAPTURE(name);
    CHECK(filter("prlimit64", {1}) == (SECCOMP_RET_ERRNO | EPERM));
    CHECK(filter("prlimit64", {1ULL << 40 | 1}) == (SECCOMP_RET_ERRNO | EPERM));
    CHECK(filter("sched_setaffinity", {1}) == (SECCOMP_RET_ERRNO | EPERM));
    CHECK_FALSE(filter.allows("sched_setscheduler", {1}));
    CHECK_FALSE(filter.allows("sched_setparam", {1}));
    CHECK_FALSE(filter.allows("sched_setattr", {1}));
    CHECK_FALSE(filter.allows("setpriority", {0, 1}));
    CHECK_FALSE(filter.allows("ioprio_set", {1, 1}));
    CHECK(filter.allows("prlimit64", {0}));
  }
}

TEST_CASE("profiles: p11 what no filter can look into is not there") {
  for (const char* name : profiles) {
    const Filter filter(name);
    CAPTURE(name);
    CHECK(filter("io_uring_setup") == (SECCOMP_RET_ERRNO | ENOSYS));
    CHECK(filter("clone3") == (SECCOMP_RET_ERRNO | ENOSYS));
  }
  CHECK(Filter("strict")("openat2") == (SECCOMP_RET_ERRNO | ENOSYS));
}

TEST_CASE("profiles: what general programs use is there") {
  for (const char* name : general_profiles) {
    const Filter filter(name);
    for (const std::string_view call : {"set_robust_list",
                                        "rseq",
                                        "membarrier",
                                        "sched_getaffinity",
                                        "sched_setaffinity",
                                        "getrandom",
                                        "memfd_create",
                                        "statx",
                                        "openat2",
                                        "close_range",
                                        "faccessat2",
                                        "pidfd_open",
                                        "pidfd_send_signal",
                                        "futex_waitv",
                                        "futex_wake",
                                        "epoll_pwait2",
                                        "timerfd_create",
                                        "eventfd2",
                                        "signalfd4",
                                        "execveat",
                                        "vfork",
                                        "fork",
                                        "wait4",
                                        "waitid",
                                        "kill",
                                        "tgkill",
                                        "fcntl",
                                        "shmget",
                                        "semop",
                                        "msgsnd",
                                        "mq_open",
                                        "pkey_alloc",
                                        "mincore",
                                        "mremap",
                                        "madvise",
                                        "copy_file_range",
                                        "splice",
                                        "sendfile",
                                        "getdents64",
                                        "arch_prctl",
                                        "prctl",
                                        "capget",
                                        "seccomp",
                                        "landlock_create_ruleset",
                                        "setrlimit",
                                        "getrlimit",
                                        "sysinfo",
                                        "uname",
                                        "times",
                                        "getrusage",
                                        "setsid",
                                        "setpgid",
                                        "umask",
                                        "utimensat",
                                        "fallocate",
                                        "renameat2",
                                        "symlinkat",
                                        "linkat",
                                        "fchmodat2",
                                        "mlock2",
                                        "accept4",
                                        "recvmmsg",
                                        "restart_syscall",
                                        "clock_nanosleep",
                                        "sched_yield",
                                        "setitimer",
                                        "alarm",
                                        "cachestat",
                                        "mseal",
                                        "map_shadow_stack",
                                        "statfs",
                                        "getxattr",
                                        "fadvise64",
                                        "sync_file_range",
                                        "sched_setscheduler",
                                        "setpriority",
                                        "getpriority",
                                        "setuid",
                                        "setgroups",
                                        "chown",
                                        "mknod",
                                        "uretprobe"}) {
      CAPTURE(name);
      CAPTURE(call);
      CHECK(filter.allows(call, {0, 0}));
    }
  }
}

// decisions/0016: files that two runs both see.
TEST_CASE("profiles: only default has locks and notifications of files") {
  for (const std::string_view name : profiles) {
    CAPTURE(name);
    const Filter filter(name);
    const bool open = name == "default";
    CHECK(filter.allows("flock", {0, 2}) == (open || name == "compile"));
    CHECK(filter.allows("inotify_init1", {0}) == open);
    CHECK(filter.allows("inotify_init") == open);
    for (const std::uint64_t command : {5U, 6U, 7U, 36U, 37U, 38U, 1024U, 1025U, 1026U}) {
      CAPTURE(command);
      CHECK(filter.allows("fcntl", {0, command}) == open);
      CHECK(filter.allows("fcntl", {0, (std::uint64_t{0xdead} << 32) | command}) == open);
    }
    for (const std::uint64_t command : {0U, 1U, 2U, 3U, 4U, 1030U, 1031U, 1032U}) {
      CHECK(filter.allows("fcntl", {0, command}));
    }
  }
}

TEST_CASE("profiles: strict computes and does nothing else") {
  const Filter filter("strict");
  for (const std::string_view call :
       {"read", "write", "mmap", "brk", "futex", "exit_group", "rt_sigaction", "clock_gettime",
        "fstat", "getrandom", "epoll_wait", "sched_yield"}) {
    CAPTURE(call);
    CHECK(filter.allows(call));
  }
  for (const std::string_view call :
       {"fork",   "vfork",   "execve", "execveat",     "connect",       "bind",    "socketpair",
        "unlink", "rename",  "mkdir",  "chmod",        "truncate",      "symlink", "link",
        "shmget", "mq_open", "semget", "memfd_create", "inotify_init1", "ptrace"}) {
    CAPTURE(call);
    CHECK_FALSE(filter.allows(call));
  }
  CHECK(filter.allows("openat", {0, 0, 02000000}));
  CHECK_FALSE(filter.allows("openat", {0, 0, 1}));
  CHECK_FALSE(filter.allows("openat", {0, 0, 0100}));
  CHECK(filter.allows("openat", {0, 0, 0200000}));          // O_DIRECTORY
  CHECK_FALSE(filter.allows("openat", {0, 0, 020200002}));  // O_TMPFILE, which must be writable
  CHECK_FALSE(filter.allows("clone", {0x11}));
}
