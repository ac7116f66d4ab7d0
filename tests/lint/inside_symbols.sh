#!/bin/bash
# The code between clone and execve calls nothing but plain wrappers of system calls: no allocation,
# no locks, no stdio, no C++ run time. Release builds only (sanitizers and gcov add symbols).
# Usage: inside_symbols.sh libsandbox_launch_inside.a
# Seen red: a std::string, a printf and a fork() in target.cc.
set -euo pipefail

archive=${1:?usage: inside_symbols.sh ARCHIVE}
allowed='write|read|close|syscall|prctl|mount|umount2|chdir|chroot|fchdir|umask|setsid|sethostname|dup3|fcntl
|ioctl|clock_gettime|socket|execve|unshare|waitid|ppoll|poll|sendmsg|recvmsg|sigaction|sigprocmask|sigemptyset|sigfillset
|sigaddset|sigdelset|signalfd|kill|_exit|open|openat|mkdir|mkdirat|mknod|mknodat|symlink|symlinkat|lseek|pread
|pwrite|fchmod|fchmodat|fchown|fchownat|getrusage|send|recv|sendfile|waitpid|clone|prlimit|setrlimit|setpriority|sched_setscheduler|sched_setaffinity|personality|getpid|getppid
|__errno_location|__stack_chk_fail|memcpy|memset|memcmp|memmove|strlen|strcmp|unlinkat
|__memcpy_chk|__memset_chk|__memmove_chk|__read_chk|__pread_chk|__open_2|__openat_2|_GLOBAL_OFFSET_TABLE_'
allowed=$(tr -d '\n' <<<"$allowed")

# What the members of the archive define for each other is ours (its names are namespaced).
ours=$(nm --defined-only --format=posix "$archive" 2>/dev/null | awk 'NF >= 3 {print $1}' | sort -u)
undefined=$(nm -u --format=posix "$archive" | awk '$2 == "U" || $2 == "w" || $2 == "v" {print $1}' | sort -u)
bad=$(comm -23 <(echo "$undefined") <(echo "$ours") | grep -vxE "($allowed)?" || true)
if [[ -n $bad ]]; then
  echo "launch/inside calls what it must not:" >&2
  c++filt <<<"$bad" >&2
  exit 1
fi
echo "launch/inside needs: $(comm -23 <(echo "$undefined") <(echo "$ours") | tr '\n' ' ')"
