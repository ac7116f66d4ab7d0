// call_syscall [x32:|i386:]NAME|NUMBER [ARG...]: makes one system call, prints "ret=R errno=E".
// ARG: a number, or s:TEXT for a pointer to TEXT, or z:N for a pointer to N zero bytes.
// Where the call kills the process, nothing is printed.
#include <sys/syscall.h>

#include "common.h"

struct name {
  const char* name;
  long number;
};

static const struct name names[] = {
    {"getpid", SYS_getpid},
    {"mount", SYS_mount},
    {"umount2", SYS_umount2},
    {"unshare", SYS_unshare},
    {"setns", SYS_setns},
    {"ptrace", SYS_ptrace},
    {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key},
    {"request_key", SYS_request_key},
    {"socket", SYS_socket},
    {"ioctl", SYS_ioctl},
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"kill", SYS_kill},
    {"bpf", SYS_bpf},
    {"io_uring_setup", 425},
    {"io_uring_enter", 426},
    {"io_uring_register", 427},
    {"openat2", SYS_openat2},
    {"fsopen", SYS_fsopen},
    {"open_tree", SYS_open_tree},
    {"pivot_root", SYS_pivot_root},
    {"chroot", SYS_chroot},
    {"swapon", SYS_swapon},
    {"reboot", SYS_reboot},
    {"init_module", SYS_init_module},
    {"kexec_load", SYS_kexec_load},
    {"settimeofday", SYS_settimeofday},
    {"perf_event_open", SYS_perf_event_open},
    {"userfaultfd", SYS_userfaultfd},
    {"process_vm_readv", SYS_process_vm_readv},
    {"process_vm_writev", SYS_process_vm_writev},
    {"personality", SYS_personality},
    {"setuid", SYS_setuid},
    {"setgid", SYS_setgid},
    {"setgroups", SYS_setgroups},
    {"sethostname", SYS_sethostname},
    {"syslog", SYS_syslog},
    {"acct", SYS_acct},
    {"quotactl", SYS_quotactl},
    {"name_to_handle_at", SYS_name_to_handle_at},
    {"open_by_handle_at", SYS_open_by_handle_at},
    {"mount_setattr", SYS_mount_setattr},
    {"move_mount", SYS_move_mount},
    {"fanotify_init", SYS_fanotify_init},
    {"mknod", SYS_mknod},
    {"iopl", SYS_iopl},
    {"ioperm", SYS_ioperm},
};

static long number_of(const char* text) {
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
    if (strcmp(names[i].name, text) == 0) {
      return names[i].number;
    }
  }
  return strtol(text, NULL, 0);
}

static unsigned long argument_of(const char* text) {
  if (strncmp(text, "s:", 2) == 0) {
    return (unsigned long)(text + 2);
  }
  if (strncmp(text, "z:", 2) == 0) {
    return (unsigned long)calloc(1, strtoul(text + 2, NULL, 0));
  }
  return strtoul(text, NULL, 0);
}

// The 32-bit entry; arguments are cut to their low halves.
static long call_i386(long number, const unsigned long* a) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                   : "memory", "r8", "r9", "r10", "r11");
  return result;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    return 2;
  }
  unsigned long a[6] = {0};
  for (int i = 2; i < argc && i < 8; ++i) {
    a[i - 2] = argument_of(argv[i]);
  }
  long result;
  errno = 0;
  if (strncmp(argv[1], "i386:", 5) == 0) {
    result = (int)call_i386(number_of(argv[1] + 5), a);
    if (result < 0) {
      errno = (int)-result;
      result = -1;
    }
  } else {
    int x32 = strncmp(argv[1], "x32:", 4) == 0;
    long number = number_of(argv[1] + (x32 ? 4 : 0));
    result = syscall(x32 ? number | 0x40000000 : number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result == 0 && (number == SYS_clone || number == SYS_clone3) && !x32) {
      _exit(0);  // the child, where it was made
    }
  }
  say("ret=%ld errno=%d\n", result, result == -1 ? errno : 0);
  return 0;
}
