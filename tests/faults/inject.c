// Runs a command, makes one system call of one of its processes go wrong, and tells what became of
// it.
//
// inject -o REPORT [-u UID] [-t SECONDS] list -- COMMAND...
//   tells every system call of the command and of its children, up to their first execve.
// inject -o REPORT [-u UID] [-t SECONDS] PROCESS:CALL:N:ACTION -- COMMAND...
//   PROCESS: "0" is the command, "0.2" its second child; N: its Nth call of number CALL. ACTION:
//   error=ERRNO  the call is not made, and fails so
//   after=ERRNO  the call is made, and then fails so, as close(2) does
//   short=BYTES  the call is made with so many bytes (its third argument)
//   kill=0       the process is killed as it enters the call
// Why not strace -e inject: it counts each process's calls by itself and hits them all, can't
// choose init's second open among the supervisor's, and slows down all that follows. Here
// everything goes on untraced, or nearly so, once the fault has happened.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_processes = 64, most_calls = 512, path_size = 32 };
enum Action { action_list, action_error, action_after, action_short, action_kill };

struct Process {
  pid_t pid;             // 0: free
  char path[path_size];  // empty until its parent's clone was seen
  int stopped;           // waits for its path
  int births;
  int replaced;  // the result of the call that it is in, or 0
  long first;    // its first argument
  unsigned short calls[most_calls];
};

static struct Process processes[most_processes];
static FILE* report;
static pid_t command_pid;
static int command_runs;  // it has executed what it was told to
static int letting_go;    // the fault has happened: the rest runs untraced
static enum Action action;
static char wanted_path[path_size];
static int wanted_call, wanted_count, argument;
static double patience_s = 5;

static void die(const char* what) {
  fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
  exit(121);
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_tick(int number) { (void)number; }  // makes waitpid() return

static struct Process* find(pid_t pid) {
  struct Process* unused = NULL;
  for (struct Process* at = processes; at < processes + most_processes; ++at) {
    if (at->pid == pid) {
      return at;
    }
    if (at->pid == 0 && unused == NULL) {
      unused = at;
    }
  }
  if (unused == NULL) {
    errno = ENOSPC;
    die("too many processes");
  }
  memset(unused, 0, sizeof *unused);
  unused->pid = pid;
  return unused;
}

// Kernel: who is let go from a stop has a signal pending for a moment, which interrupts a wait for
// the answer to a notification of seccomp's: a call that is cancelled counts as a violation. So the
// target (until its execve) and the guard, init's children, stay traced to their ends.
static int is_let_go(const struct Process* process) {
  const char* const dot = strchr(process->path, '.');
  return letting_go && (dot == NULL || strchr(dot + 1, '.') == NULL);
}

// A process may have been killed meanwhile; its end is told by waitpid().
static void resume(struct Process* process, int signal_number) {
  (void)ptrace(is_let_go(process) ? PTRACE_DETACH : PTRACE_SYSCALL, process->pid, 0,
               (long)signal_number);
}

static void set_register(pid_t pid, size_t offset, long value) {
  (void)ptrace(PTRACE_POKEUSER, pid, offset, value);
}

static void happened(const struct Process* process) {
  fprintf(report, "hit %d\n", process->pid);
  letting_go = 1;
}

static void on_entry(struct Process* process, int number, unsigned long long first, int second) {
  if (number < 0 || number >= most_calls) {
    return;
  }
  ++process->calls[number];
  if (action == action_list) {
    fprintf(report, "call %s %d %d\n", process->path, number, second);
    return;
  }
  if (number != wanted_call || process->calls[number] != wanted_count ||
      strcmp(process->path, wanted_path) != 0) {
    return;
  }
  if (action == action_kill) {
    (void)kill(process->pid, SIGKILL);
    happened(process);
  } else if (action == action_short) {
    set_register(process->pid, offsetof(struct user, regs.rdx), argument);
    happened(process);
  } else {
    process->replaced = argument;
    if (action == action_error) {
      // Why not -1, no call at all: init's filter kills for that.
      process->first = (long)first;
      set_register(process->pid, offsetof(struct user, regs.orig_rax), SYS_clock_gettime);
      set_register(process->pid, offsetof(struct user, regs.rdi), INT_MAX);
    }
  }
}

static void on_exit_of_call(struct Process* process) {
  if (process->replaced != 0) {
    if (action == action_error) {
      set_register(process->pid, offsetof(struct user, regs.rdi), process->first);
    }
    set_register(process->pid, offsetof(struct user, regs.rax), -process->replaced);
    process->replaced = 0;
    happened(process);
  }
}

static void on_call(struct Process* process) {
  struct __ptrace_syscall_info info;
  if (!command_runs || ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof info, &info) <= 0) {
    return;
  }
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    on_entry(process, (int)info.entry.nr, info.entry.args[0], (int)info.entry.args[1]);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    on_exit_of_call(process);
  }
}

static void on_birth(struct Process* parent) {
  unsigned long number = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &number) != 0) {
    return;
  }
  struct Process* child = find((pid_t)number);
  if (snprintf(child->path, path_size, "%s.%d", parent->path, ++parent->births) >= path_size) {
    errno = ENAMETOOLONG;
    die("the path of a process");
  }
  if (child->stopped) {
    child->stopped = 0;
    resume(child, 0);
  }
}

static void on_stop(struct Process* process, int status) {
  const int signal_number = WSTOPSIG(status);
  const int event = status >> 16;
  if (event == PTRACE_EVENT_STOP && process->path[0] == '\0') {
    process->stopped = 1;  // on_birth() lets it go on
  } else if (event == PTRACE_EVENT_STOP && signal_number != SIGTRAP && !is_let_go(process)) {
    (void)ptrace(PTRACE_LISTEN, process->pid, 0, 0);
  } else if (event == PTRACE_EVENT_EXEC && command_runs) {
    // What it does from here on is the program's business.
    (void)ptrace(PTRACE_DETACH, process->pid, 0, 0);
  } else if (event != 0 || signal_number == (SIGTRAP | 0x80)) {
    command_runs = command_runs || event == PTRACE_EVENT_EXEC;
    if (event == 0) {
      on_call(process);
    } else if (event != PTRACE_EVENT_STOP && event != PTRACE_EVENT_EXEC) {
      on_birth(process);
    }
    resume(process, 0);
  } else {
    resume(process, signal_number);
  }
}

static void kill_all_children(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", getpid(), getpid());
  FILE* children = fopen(path, "re");
  int pid = 0;
  while (children != NULL && fscanf(children, "%d", &pid) == 1) {
    fprintf(report, "left %d\n", pid);
    (void)kill(pid, SIGKILL);
  }
  if (children != NULL) {
    fclose(children);
  }
}

// Returns the command's wait status, once it and all its descendants have ended.
static int watch(void) {
  int result = -1;
  const double started_s = now_s();
  double since_s = started_s;
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == ECHILD) {
      return result;
    }
    if (pid < 0 && now_s() - since_s > patience_s) {
      fprintf(report, result < 0 ? "hang\n" : "orphans\n");
      kill_all_children();
      since_s = now_s();
    }
    if (pid > 0 && WIFSTOPPED(status)) {
      on_stop(find(pid), status);
    } else if (pid > 0) {
      find(pid)->pid = 0;
    }
    if (pid == command_pid && !WIFSTOPPED(status)) {
      result = status;
      since_s = now_s();
      fprintf(report, "end %d %.0f\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
              (since_s - started_s) * 1000);
    }
  }
}

static void start(char** command, int uid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    die("pipe2");
  }
  command_pid = fork();
  if (command_pid == 0) {
    char go = 0;
    if (read(ends[0], &go, 1) != 1) {
      _exit(121);
    }
    if (uid > 0 &&
        (setgroups(0, NULL) != 0 || setgid((gid_t)uid) != 0 || setuid((uid_t)uid) != 0)) {
      die("changing to the user");
    }
    execv(command[0], command);
    die(command[0]);
  }
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (command_pid < 0 || ptrace(PTRACE_SEIZE, command_pid, 0, options) != 0) {
    die("tracing the command");
  }
  strcpy(find(command_pid)->path, "0");
  fprintf(report, "pid %d\n", command_pid);
  if (write(ends[1], "x", 1) != 1) {
    die("starting the command");
  }
  close(ends[0]);
  close(ends[1]);
}

static void parse_fault(const char* text) {
  static const char* const names[] = {"list", "error", "after", "short", "kill"};
  char name[8] = "";
  if (strcmp(text, "list") == 0) {
    return;
  }
  const int parts = sscanf(text, "%31[0-9.]:%d:%d:%7[a-z]=%d", wanted_path, &wanted_call,
                           &wanted_count, name, &argument);
  while (action <= action_kill && strcmp(names[action], name) != 0) {
    ++action;
  }
  if (parts != 5 || action > action_kill || action == action_list) {
    errno = EINVAL;
    die(text);
  }
}

int main(int argc, char** argv) {
  int uid = 0;
  for (int option; (option = getopt(argc, argv, "+o:u:t:")) != -1;) {
    if (option == 'o') {
      report = fopen(optarg, "we");
    } else if (option == 'u') {
      uid = atoi(optarg);
    } else if (option == 't') {
      patience_s = atof(optarg);
    }
  }
  if (report == NULL || argc - optind < 3) {
    die("usage: inject -o REPORT [-u UID] [-t SECONDS] FAULT -- COMMAND...");
  }
  parse_fault(argv[optind]);
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct sigaction tick = {.sa_handler = on_tick};
  sigaction(SIGALRM, &tick, NULL);
  const struct itimerval often = {{0, 100000}, {0, 100000}};
  setitimer(ITIMER_REAL, &often, NULL);
  start(argv + optind + 2, uid);
  const int status = watch();
  fclose(report);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
