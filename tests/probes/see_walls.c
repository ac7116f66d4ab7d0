// Prints what holds it in, as lines that are the same in each run of one command line: ids, rights,
// limits, mounts, interfaces, descriptors and processes. Namespaces are told as "own", or as "host"
// where they are those given as arguments ("pid:[4026531836]" …).
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "common.h"

static void show_ids(void) {
  gid_t groups[64];
  say("ids %d %d %d %d groups %d\n", (int)getuid(), (int)geteuid(), (int)getgid(), (int)getegid(),
      getgroups(64, groups));
  say("session %d group %d\n", getsid(0) == getpid(), getpgrp() == getpid());
  const mode_t mask = umask(0);
  say("umask %03o\n", (unsigned)mask);
  for (int which = 0; which < RLIM_NLIMITS; ++which) {
    struct rlimit limit;
    getrlimit((__rlimit_resource_t)which, &limit);
    say("rlimit %d %lld %lld\n", which, (long long)limit.rlim_cur, (long long)limit.rlim_max);
  }
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  say("nice %d policy %d cpus %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
      CPU_COUNT(&cpus));
  struct utsname name;
  uname(&name);
  char directory[512];
  say("host %s %s in %s\n", name.nodename, name.domainname,
      getcwd(directory, sizeof directory) != NULL ? directory : "?");
}

static void show_status(void) {
  static const char* const keys[] = {"Uid:", "Gid:",       "Groups:", "NSpid:",   "Sig",
                                     "Cap",  "NoNewPrivs", "Seccomp", "TracerPid"};
  FILE* file = fopen("/proc/self/status", "re");
  char line[1024];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; ++i) {
      if (strncmp(line, keys[i], strlen(keys[i])) == 0 && strncmp(line, "SigQ", 4) != 0) {
        say("%s", line);
      }
    }
  }
}

// Without the numbers of mounts and devices, which are new in each run.
static void show_mounts(void) {
  FILE* file = fopen("/proc/self/mountinfo", "re");
  char line[4096];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    const char* rest = line;
    for (int words = 0; words < 3 && rest != NULL; ++words) {
      rest = strchr(rest, ' ');
      rest = rest != NULL ? rest + 1 : NULL;
    }
    say("mount %s", rest != NULL ? rest : "?\n");
  }
}

static void show_interfaces(void) {
  FILE* file = fopen("/proc/net/dev", "re");
  char line[1024];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    char* colon = strchr(line, ':');
    if (colon != NULL) {
      *colon = '\0';
      say("interface %s\n", line);
    }
  }
}

static void show_names(const char* path, int numbers_only) {
  DIR* directory = opendir(path);
  for (struct dirent* entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
    if (!numbers_only || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')) {
      say("in %s: %s\n", path, entry->d_name);
    }
  }
  if (directory != NULL) {
    closedir(directory);
  }
}

static void show_namespaces(int argc, char** argv) {
  static const char* const kinds[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
    char path[64];
    char target[64] = "";
    snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
    const ssize_t size = readlink(path, target, sizeof target - 1);
    int of_host = 0;
    for (int at = 1; at < argc; ++at) {
      of_host = of_host || strcmp(argv[at], target) == 0;
    }
    say("namespace %s %s\n", kinds[i], size < 0 ? "unknown" : of_host ? "host" : "own");
  }
}

int main(int argc, char** argv) {
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) {
      say("fd %d\n", fd);
    }
  }
  show_ids();
  show_status();
  show_mounts();
  show_interfaces();
  show_names("/", 0);
  show_names("/proc", 1);
  show_namespaces(argc, argv);
  char line[256];
  const ssize_t size = read(0, line, sizeof line);
  say("stdin %.*s\n", size > 0 ? (int)size : 0, line);
  return 7;
}
