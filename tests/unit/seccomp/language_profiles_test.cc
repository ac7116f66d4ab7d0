// The profile of each language against a table made by hand: what it must go on refusing, and how.
#include <cerrno>
#include <vector>

#include "profile_filter.h"

#include <doctest/doctest.h>

using sbtest::Filter;

namespace {

constexpr const char* languages[] = {"c",    "go",     "cpp",  "rust",  "java",
                                     "node", "python", "perl", "shell", "compile"};
constexpr const char* interpreted[] = {"java", "node", "python", "perl", "shell"};

// Ends the run: the supervisor is asked, and kills.
constexpr int killed = 0;

struct Denied {
  std::string_view call;
  std::array<std::uint64_t, 6> args;
  int err;  // or `killed`
};

constexpr std::uint64_t high = std::uint64_t{0xdead} << 32;

const std::vector<Denied> denied_to_all = {
    {"mount", {}, killed},
    {"umount2", {}, killed},
    {"pivot_root", {}, killed},
    {"open_tree", {}, killed},
    {"mount_setattr", {}, killed},
    {"bpf", {}, killed},
    {"init_module", {}, killed},
    {"kexec_load", {}, killed},
    {"reboot", {}, killed},
    {"swapon", {}, killed},
    {"iopl", {}, killed},
    {"modify_ldt", {}, killed},
    {"acct", {}, killed},
    {"settimeofday", {}, killed},
    {"open_by_handle_at", {}, killed},
    {"pidfd_getfd", {}, killed},
    {"unshare", {0x10000000}, EPERM},
    {"setns", {}, EPERM},
    {"chroot", {}, EPERM},
    {"clone", {0x10000011}, EPERM},
    {"clone", {high | 0x20000}, EPERM},
    {"clone3", {}, ENOSYS},
    {"perf_event_open", {}, EPERM},
    {"userfaultfd", {}, EPERM},
    {"keyctl", {}, EPERM},
    {"add_key", {}, EPERM},
    {"request_key", {}, EPERM},
    {"process_vm_readv", {}, EPERM},
    {"process_vm_writev", {}, EPERM},
    {"name_to_handle_at", {}, EPERM},
    {"mbind", {}, EPERM},
    {"syslog", {}, EPERM},
    {"io_uring_setup", {}, ENOSYS},
    {"io_uring_enter", {}, ENOSYS},
    {"inotify_init", {}, ENOSYS},
    {"inotify_init1", {02000000}, ENOSYS},
    {"socket", {16, 3, 0}, EAFNOSUPPORT},  // netlink
    {"socket", {17, 3, 0}, EAFNOSUPPORT},  // packet
    {"socket", {38, 5, 0}, EAFNOSUPPORT},  // the kernel's ciphers
    {"socket", {40, 1, 0}, EAFNOSUPPORT},  // vsock
    {"socket", {2, 3, 1}, EAFNOSUPPORT},   // raw
    {"socket", {high | 16, 3, 0}, EAFNOSUPPORT},
    {"fcntl", {0, 6}, ENOLCK},             // F_SETLK
    {"fcntl", {0, 37}, ENOLCK},            // F_OFD_SETLK
    {"fcntl", {0, 1026}, ENOLCK},          // F_NOTIFY
    {"fcntl", {0, high | 5}, ENOLCK},      // F_GETLK
    {"ioctl", {0, 0x5412}, EPERM},         // TIOCSTI
    {"ioctl", {0, high | 0x541c}, EPERM},  // TIOCLINUX
    {"personality", {0x0040000}, EPERM},
    {"prlimit64", {1}, EPERM},
    {"sched_setaffinity", {1}, EPERM},
};

void check(const Filter& filter, const std::vector<Denied>& table) {
  for (const Denied& denied : table) {
    CAPTURE(denied.call);
    CAPTURE(denied.args[0]);
    CAPTURE(denied.args[1]);
    CHECK(filter(denied.call, denied.args) ==
          (denied.err == killed ? SECCOMP_RET_USER_NOTIF
                                : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(denied.err)));
  }
}

}  // namespace

TEST_CASE("language profiles: the table of calls that stay denied") {
  for (const char* name : languages) {
    CAPTURE(name);
    check(Filter(name), denied_to_all);
  }
}

// What one profile refuses beyond the table.
TEST_CASE("language profiles: debuggers") {
  for (const char* name : languages) {
    CAPTURE(name);
    const bool go = name == std::string_view("go");
    check(Filter(name), {{"ptrace", {0}, go ? EPERM : killed}});
  }
}

TEST_CASE("language profiles: interpreters and compilers have no old asynchronous io") {
  for (const char* name : interpreted) {
    CAPTURE(name);
    check(Filter(name), {{"io_setup", {}, ENOSYS}, {"remap_file_pages", {}, ENOSYS}});
  }
  check(Filter("compile"), {{"io_setup", {}, ENOSYS}, {"remap_file_pages", {}, ENOSYS}});
  for (const char* name : {"default", "c", "cpp", "rust", "go"}) {
    CAPTURE(name);
    CHECK(Filter(name).allows("io_setup"));
  }
}

// go build takes shared and exclusive ones, and fails without.
TEST_CASE("language profiles: locks of whole files are there for compilers alone") {
  for (const char* name : languages) {
    CAPTURE(name);
    const bool compile = name == std::string_view("compile");
    const Filter filter(name);
    for (const std::uint64_t operation :
         {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{6}, std::uint64_t{8}, high | 2}) {
      CAPTURE(operation);
      CHECK(filter("flock", {0, operation}) ==
            (compile ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOLCK));
    }
  }
}

TEST_CASE("language profiles: compile has sockets of its own processes only") {
  const Filter filter("compile");
  check(filter, {{"socket", {2, 1, 0}, EAFNOSUPPORT},
                 {"socket", {10, 1, 6}, EAFNOSUPPORT},
                 {"socket", {2, 2, 17}, EAFNOSUPPORT},
                 {"socket", {high | 2, 1, 0}, EAFNOSUPPORT}});
  CHECK(filter.allows("socket", {1, 1, 0}));
  CHECK(filter.allows("socketpair", {1, 1, 0}));
}

// Red: a profile of its own without `extends`.
TEST_CASE("language profiles: p12 what newer libcs and runtimes call is there") {
  for (const char* name : languages) {
    const Filter filter(name);
    for (const std::string_view call : {"rseq",
                                        "set_robust_list",
                                        "membarrier",
                                        "futex",
                                        "futex_waitv",
                                        "futex_wake",
                                        "futex_wait",
                                        "futex_requeue",
                                        "statx",
                                        "faccessat2",
                                        "openat2",
                                        "close_range",
                                        "epoll_pwait2",
                                        "pidfd_open",
                                        "pidfd_send_signal",
                                        "mseal",
                                        "map_shadow_stack",
                                        "getrandom",
                                        "prlimit64",
                                        "clock_nanosleep",
                                        "memfd_create",
                                        "copy_file_range",
                                        "fchmodat2",
                                        "vfork",
                                        "execve",
                                        "wait4",
                                        "waitid",
                                        "sigaltstack",
                                        "timerfd_create",
                                        "signalfd4",
                                        "eventfd2",
                                        "pkey_alloc",
                                        "madvise",
                                        "sched_getaffinity",
                                        "sysinfo",
                                        "renameat2",
                                        "mkdirat",
                                        "linkat",
                                        "symlinkat",
                                        "utimensat",
                                        "cachestat",
                                        "getcpu",
                                        "setpriority",
                                        "tgkill",
                                        "shmget"}) {
      CAPTURE(name);
      CAPTURE(call);
      CHECK(filter.allows(call));
    }
  }
}
