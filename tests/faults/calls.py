"""What can go wrong with each system call: errors of its manual page, short counts, death."""
import errno
import re

# By name; "after": the call is made all the same, as close(2) does what it is told even as it fails.
ERRORS = {
    "access": "EACCES ENOENT EIO",
    "brk": "",
    "capget": "EPERM",
    "capset": "EPERM",
    "chdir": "EACCES ENOENT EIO",
    "chmod": "EPERM EROFS",
    "clone": "EAGAIN ENOMEM EPERM",
    "clone3": "EAGAIN ENOMEM EPERM ENOSPC ENOSYS",
    "close_range": "ENOMEM EMFILE",
    "connect": "ECONNREFUSED",
    "dup": "EMFILE",
    "dup3": "EBUSY EMFILE EINTR",
    "epoll_create1": "EMFILE ENFILE ENOMEM",
    "epoll_ctl": "ENOMEM ENOSPC EPERM",
    "epoll_wait": "EINTR EBADF",
    "eventfd2": "EMFILE ENFILE ENOMEM",
    "execve": "ENOMEM EIO EACCES ENOENT E2BIG EMFILE EAGAIN",
    "faccessat": "EACCES ENOENT EIO",
    "faccessat2": "EACCES ENOENT EIO",
    "fchdir": "EACCES EIO",
    "fchown": "EPERM EIO",
    "fcntl 37": "EAGAIN ENOLCK EINTR",  # F_OFD_SETLK
    "fcntl 1030": "EMFILE",  # F_DUPFD_CLOEXEC
    "fcntl 1033": "EPERM EBUSY",  # F_ADD_SEALS
    "fcntl": "",
    "flock": "EINTR ENOLCK EWOULDBLOCK",
    "fstat": "EIO ENOMEM",
    "fstatfs": "EIO ENOSYS",
    "fsync": "EIO",
    "ftruncate": "EIO ENOSPC EPERM",
    "getdents64": "EIO ENOENT",
    "getrandom": "EAGAIN EINTR ENOSYS",
    "getrlimit": "EFAULT",
    "ioctl": "EIO EINTR ENOMEM ENOTTY",
    "keyctl": "ENOMEM EDQUOT EPERM",
    "kill": "EPERM ESRCH",
    "linkat": "EEXIST EACCES EIO ENOSPC EMLINK",
    "lseek": "EINVAL",
    "memfd_create": "EMFILE ENFILE ENOMEM",
    "mkdir": "EACCES ENOMEM ENOSPC EROFS EIO",
    "mkdirat": "EACCES ENOMEM ENOSPC EROFS EIO",
    "mknodat": "EPERM ENOSPC ENOMEM",
    "mmap": "ENOMEM EAGAIN EPERM",
    "mount": "EPERM ENOMEM EBUSY EINVAL ENOENT",
    "mount_setattr": "EPERM EINVAL ENOMEM ENOSYS",
    "move_mount": "EPERM EINVAL ENOMEM ELOOP",
    "mprotect": "ENOMEM EACCES",
    "munmap": "ENOMEM",
    "newfstatat": "EACCES EIO ENOENT ENOMEM",
    "open": "EMFILE ENFILE ENOMEM EACCES EIO ENOENT EINTR",
    "open_tree": "EMFILE ENFILE ENOMEM EPERM ENOENT EACCES ENOSYS",
    "openat": "EMFILE ENFILE ENOMEM EACCES EIO ENOENT EINTR",
    "openat2": "EMFILE ENFILE ENOMEM EACCES EIO ENOENT EAGAIN ENOSYS",
    "pidfd_getfd": "EMFILE EPERM ESRCH EBADF ENOSYS",
    "pidfd_open": "EMFILE ENOMEM",
    "pidfd_send_signal": "EPERM",
    "pipe2": "EMFILE ENFILE",
    "pivot_root": "EBUSY EINVAL EPERM",
    "poll": "EINTR ENOMEM",
    "ppoll": "EINTR ENOMEM",
    "prctl": "EPERM EINVAL",
    "pread64": "EIO EINTR EISDIR",
    "prlimit64": "EPERM EINVAL",
    "pwrite64": "EIO EINTR ENOSPC",
    "read": "EIO EINTR EAGAIN ENOMEM",
    "readlink": "EACCES ENOENT EIO ENOMEM",
    "readlinkat": "EACCES ENOENT EIO ENOMEM",
    "recvfrom": "EINTR EAGAIN ENOMEM ECONNRESET",
    "recvmsg": "EINTR EAGAIN ENOMEM ECONNRESET",
    "rename": "EACCES EIO ENOSPC EROFS",
    "renameat": "EACCES EIO ENOSPC EROFS",
    "rmdir": "EBUSY EINTR",
    "sched_getaffinity": "EPERM",
    "sched_setaffinity": "EPERM EINVAL",
    "sched_setscheduler": "EPERM",
    "seccomp": "ENOMEM EACCES EINVAL EBUSY EMFILE",
    "sendmsg": "EINTR EAGAIN ENOBUFS ENOMEM EPIPE ETOOMANYREFS",
    "sendto": "EINTR EAGAIN ENOBUFS ENOMEM EPIPE",
    "setdomainname": "EPERM",
    "setgroups": "EPERM ENOMEM",
    "sethostname": "EPERM",
    "setpriority": "EPERM EACCES",
    "setresgid": "EPERM EAGAIN",
    "setresuid": "EPERM EAGAIN",
    "setsid": "EPERM",
    "signalfd4": "EMFILE ENFILE ENOMEM",
    "socket": "EMFILE ENFILE ENOMEM EPERM EAFNOSUPPORT",
    "socketpair": "EMFILE ENFILE ENOMEM",
    "stat": "EACCES EIO ENOENT ENOMEM",
    "statfs": "EIO ENOENT",
    "statx": "EACCES EIO ENOENT ENOSYS",
    "symlinkat": "EACCES ENOSPC ENOMEM EIO",
    "timerfd_create": "EMFILE ENFILE ENOMEM",
    "timerfd_settime": "EINVAL ECANCELED",
    "umount2": "EBUSY EPERM",
    "unlink": "EACCES EBUSY EIO",
    "unshare": "EPERM ENOMEM ENOSPC",
    "wait4": "EINTR ECHILD",
    "waitid": "EINTR ECHILD",
    "write": "EIO EINTR EAGAIN ENOSPC EPIPE",
    "writev": "EIO EINTR EAGAIN ENOSPC EPIPE",
    # Where no page says more.
    "": "EPERM EINVAL ENOMEM",
}
AFTER = {"close": "EIO EINTR"}
# Calls with a count of bytes as their third argument.
SHORT = {"read": (1,), "write": (1,), "pread64": (1,), "pwrite64": (1,)}
# Calls that can't fail, or never return.
NEVER = {"exit_group", "exit", "geteuid", "getegid", "getuid", "getgid", "getpid", "gettid", "umask",
         "sched_yield", "set_tid_address", "set_robust_list", "arch_prctl", "rt_sigreturn", "brk",
         "rseq", "restart_syscall", "futex", "uname", "clock_gettime", "getrusage", "personality"}


def faults_of(name, command):
    """The actions of `inject`, in a fixed order. `command`: the second argument of the call."""
    if name not in NEVER:
        errors = ERRORS.get(f"{name} {command}", ERRORS.get(name, "" if name in AFTER else ERRORS[""]))
        for error in errors.split():
            yield f"error={getattr(errno, error)}"
        for error in AFTER.get(name, "").split():
            yield f"after={getattr(errno, error)}"
        for count in SHORT.get(name, ()):
            yield f"short={count}"
    yield "kill=0"


def load_calls(tree):
    """Number → name, of the product's own table."""
    text = (tree / "src/policy/syscalls_x86_64.inc").read_text()
    return {int(number): name for number, name in re.findall(r"\{(\d+), \"(\w+)\", \d+\}", text)}
