// Prints what it is: ids, session, limits, scheduling, and what /proc/self/status says of its
// rights, as "key=value" lines.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "common.h"

static void show_file(const char* prefix, const char* path) {
  FILE* file = fopen(path, "re");
  char line[1024];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    say("%s%s", prefix, line);
  }
}

static void show_limit(const char* name, int which) {
  struct rlimit limit;
  getrlimit((__rlimit_resource_t)which, &limit);
  say("%s=%lld,%lld\n", name, (long long)limit.rlim_cur, (long long)limit.rlim_max);
}

static void show_signals(void) {
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  int count = 0;
  int ignored = 0;
  for (int number = 1; number <= 64; ++number) {
    struct sigaction action;
    count += sigismember(&blocked, number) == 1;
    ignored += sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
  }
  say("blocked=%d\nignored=%d\n", count, ignored);
}

int main(void) {
  say("uid=%d euid=%d\ngid=%d egid=%d\n", (int)getuid(), (int)geteuid(), (int)getgid(),
      (int)getegid());
  gid_t groups[64];
  say("groups=%d\n", getgroups(64, groups));
  say("own_session=%d\n", getsid(0) == getpid());
  say("own_process_group=%d\n", getpgrp() == getpid());
  mode_t mask = umask(0);
  say("umask=%03o\n", (unsigned)mask);
  show_limit("core", RLIMIT_CORE);
  show_limit("nofile", RLIMIT_NOFILE);
  show_limit("stack", RLIMIT_STACK);
  show_limit("cpu", RLIMIT_CPU);
  show_limit("as", RLIMIT_AS);
  errno = 0;
  say("nice=%d\n", getpriority(PRIO_PROCESS, 0));
  say("policy=%d\n", sched_getscheduler(0));
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  say("cpus=%d\n", CPU_COUNT(&cpus));
  struct utsname name;
  uname(&name);
  say("hostname=%s\ndomain=%s\n", name.nodename, name.domainname);
  char directory[512];
  say("cwd=%s\n", getcwd(directory, sizeof directory) != NULL ? directory : "?");
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
  say("tty errno=%d\n", tty < 0 ? errno : 0);
  show_signals();
  show_file("oom_score_adj=", "/proc/self/oom_score_adj");
  show_file("cgroup=", "/proc/self/cgroup");
  show_file("", "/proc/self/status");
  return 0;
}
