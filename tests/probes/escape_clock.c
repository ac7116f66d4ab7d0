// Tries to see the real time under a virtual clock, to get out of the tracer's sight, or to make it
// stumble. Says "ok" where it came to nothing.
// escape_clock HOW
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char** arguments;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int sleeps(double seconds) {
  const struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  return nanosleep(&time, NULL);
}

static int sleep_in_child(void* unused) {
  (void)unused;
  _exit(sleeps(3600));
}

static int untraced(void) {
  static char stack[65536] __attribute__((aligned(16)));
  const int child = clone(sleep_in_child, stack + sizeof stack, CLONE_UNTRACED | SIGCHLD, NULL);
  return child < 0 && errno == EPERM;
}

static int by_clone3(void) {
  struct clone_args args = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};
  return syscall(SYS_clone3, &args, sizeof args) < 0 && errno == ENOSYS;
}

static int counter(void) {
  int mode = 0;
  const uint64_t before = __builtin_ia32_rdtsc();
  if (prctl(PR_SET_TSC, PR_TSC_ENABLE) != 0 || prctl(PR_GET_TSC, &mode) != 0) {
    return 0;
  }
  const uint64_t after = __builtin_ia32_rdtsc();
  return mode == PR_TSC_ENABLE && after > before && after - before < 1000;
}

// Neither the program nor what it makes has the counter itself, however it is asked for.
static int switch_counter(void) {
  const int modes[] = {PR_TSC_SIGSEGV, PR_TSC_ENABLE};
  for (int i = 0; i < 4; ++i) {
    const pid_t child = i < 2 ? 0 : fork();
    if (prctl(PR_SET_TSC, 3) != -1 || errno != EINVAL || prctl(PR_SET_TSC, modes[i % 2]) != 0) {
      return 0;
    }
    const uint64_t before = __builtin_ia32_rdtsc();
    for (volatile unsigned n = 0; n < 1000000; ++n) {
    }
    if (__builtin_ia32_rdtsc() - before > 1000) {
      return 0;
    }
    if (i >= 2 && child == 0) {
      _exit(7);
    }
    int status = 0;
    if (child > 0 && (waitpid(child, &status, 0) != child || status != 7 << 8)) {
      return 0;
    }
  }
  return 1;
}

static int refuses_ptrace(int child) {
  const long requests[] = {PTRACE_TRACEME,   PTRACE_ATTACH, PTRACE_SEIZE,
                           PTRACE_INTERRUPT, PTRACE_DETACH, PTRACE_KILL};
  for (unsigned i = 0; i < sizeof requests / sizeof requests[0]; ++i) {
    if (syscall(SYS_ptrace, requests[i], child, 0, 0) != -1 || errno != EPERM) {
      return 0;
    }
  }
  return 1;
}

static int by_ptrace(void) {
  const uint64_t before = now_ns();
  const pid_t child = fork();
  if (child == 0) {
    const int ok = refuses_ptrace(getppid());
    sleeps(60);
    _exit(ok ? 7 : 0);
  }
  int status = 0;
  return refuses_ptrace(child) && waitpid(child, &status, 0) == child && status == 7 << 8 &&
         now_ns() - before == 60000000000ULL;
}

static void* sleep_on(void* unused);

static void wait_somehow(int how) {
  struct timespec hour = {3600, 0};
  int word = 0;
  pthread_t thread;
  switch (how) {
    case 0:
      sleeps(3600);
      break;
    case 1:
      syscall(SYS_futex, &word, 0, 0, &hour, NULL, 0);
      break;
    case 2:
      poll(NULL, 0, 3600000);
      break;
    case 3:
      pthread_create(&thread, NULL, sleep_on, NULL);
      pause();
      break;
    default:
      alarm(3600);
      raise(SIGSTOP);
  }
}

// By its parent, by its brother, and while its parent waits for it.
static int killed(void) {
  const uint64_t before = now_ns();
  for (int how = 0; how < 10; ++how) {
    const pid_t child = fork();
    if (child == 0) {
      wait_somehow(how % 5);
      _exit(0);
    }
    pid_t brother = 0;
    if (how >= 5 && (brother = fork()) == 0) {
      sleeps(2);
      kill(child, SIGKILL);
      _exit(0);
    }
    if (how < 5) {
      sleeps(2);
      kill(child, SIGKILL);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != SIGKILL ||
        (brother > 0 && waitpid(brother, NULL, 0) != brother)) {
      return 0;
    }
  }
  return now_ns() - before == 20000000000ULL && sleeps(2) == 0 &&
         now_ns() - before == 22000000000ULL;
}

static int dumpable(void) {
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || fork() == 0) {
    _exit(sleeps(3600));
  }
  const uint64_t before = now_ns();
  int status = 0;
  return sleeps(60) == 0 && wait(&status) > 0 && status == 0 &&
         now_ns() - before == 3600ULL * 1000000000;
}

// Times that are none, or lie where nothing is.
static int odd_times(void) {
  const struct timespec odd[] = {
      {-1, 0}, {0, -1}, {0, 1000000000}, {INT64_MIN, INT64_MIN}, {0, INT64_MAX}, {1, INT64_MIN}};
  for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; ++i) {
    int word = 0;
    if (nanosleep(&odd[i], NULL) != -1 || errno != EINVAL ||
        syscall(SYS_futex, &word, 0, 0, &odd[i], NULL, 0) != -1 || errno != EINVAL) {
      return 0;
    }
  }
  char* const page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const long places[] = {1, 8, -8, -1, 0x7fffffffffff, INT64_MIN, (long)page + 4092};
  for (unsigned i = 0; i < sizeof places / sizeof places[0]; ++i) {
    if (syscall(SYS_nanosleep, places[i], 0) != -1 || errno != EFAULT ||
        syscall(SYS_ppoll, 0, 0, places[i], 0, 0) != -1 || errno != EFAULT ||
        syscall(SYS_select, 0, 0, 0, 0, places[i]) != -1 || errno != EFAULT ||
        syscall(SYS_timerfd_settime, 1000, 0, places[i], 0) != -1) {
      return 0;
    }
  }
  if (syscall(SYS_clock_gettime, CLOCK_REALTIME, page) != -1 || errno != EFAULT) {
    return 0;
  }
  struct itimerval far = {{INT64_MAX, 0}, {INT64_MAX, 999999}};
  setitimer(ITIMER_REAL, &far, NULL);
  getitimer(ITIMER_REAL, &far);
  alarm(0);
  return 1;
}

static void* exec_here(void* unused) {
  (void)unused;
  char* const again[] = {arguments[0], "after_exec", NULL};
  execv("/proc/self/exe", again);
  return NULL;
}

static void* sleep_on(void* unused) {
  (void)unused;
  sleeps(1000);
  return NULL;
}

// An execve by another thread than the first, while others sleep.
static int thread_exec(void) {
  pthread_t thread;
  for (int i = 0; i < 4; ++i) {
    pthread_create(&thread, NULL, sleep_on, NULL);
  }
  sleeps(1);
  pthread_create(&thread, NULL, exec_here, NULL);
  sleeps(1000);
  return 0;
}

static int after_exec(void) {
  const uint64_t before = now_ns();
  sleeps(5);
  return now_ns() - before == 5000000000ULL;
}

static int many_timers(void) {
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  struct itimerspec soon = {{0, 0}, {0, 1000000}};
  for (int i = 0; i < 500; ++i) {
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) {
      timer_settime(timer, 0, &soon, NULL);
    }
    const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    soon.it_interval.tv_nsec = 1;  // of one that nobody holds any more
    timerfd_settime(fd, 0, &soon, NULL);
    soon.it_interval.tv_nsec = 0;
    close(fd);
  }
  const uint64_t before = now_ns();
  sleeps(1);
  return now_ns() - before == 1000000000ULL;
}

// Processes and threads that end in every order, stop each other and are killed in their waits.
static int storm(void) {
  for (int i = 0; i < 60; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      pthread_create(&thread, NULL, sleep_on, NULL);
      if (i % 4 == 0) {
        syscall(SYS_exit, 0);  // the first thread alone
      }
      if (i % 4 == 1 && fork() == 0) {
        kill(getppid(), SIGKILL);
        _exit(0);
      }
      if (i % 4 == 2) {
        kill(getpid(), SIGSTOP);
      }
      sleeps(0.5);
      _exit(0);
    }
    sleeps(0.25);
    kill(child, i % 3 == 0 ? SIGSTOP : SIGCONT);
    sleeps(0.25);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  }
  return 1;
}

static _Atomic int runs;
static _Atomic int wrong;

// Why: a clock that moved while this thread could run would be seen to have moved.
static void* stay_busy(void* seed) {
  unsigned random = (unsigned)(uintptr_t)seed;
  for (int i = 0; i < 150; ++i) {
    atomic_fetch_add(&runs, 1);
    const uint64_t before = now_ns();
    for (volatile unsigned n = 0; n < random % 5000; ++n) {
    }
    if (random % 3 == 0) {
      sched_yield();
    }
    if (now_ns() != before) {
      atomic_fetch_add(&wrong, 1);
    }
    atomic_fetch_sub(&runs, 1);
    random = random * 1103515245 + 12345;
    usleep(random % 1000);
  }
  return NULL;
}

static int violation(void) {
  pthread_t threads[8];
  for (uintptr_t i = 0; i < 8; ++i) {
    pthread_create(&threads[i], NULL, stay_busy, (void*)(i + 1));
  }
  for (int i = 0; i < 8; ++i) {
    pthread_join(threads[i], NULL);
  }
  return wrong == 0;
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    int (*run)(void);
  } all[] = {{"untraced", untraced},
             {"clone3", by_clone3},
             {"counter", counter},
             {"dumpable", dumpable},
             {"odd_times", odd_times},
             {"thread_exec", thread_exec},
             {"after_exec", after_exec},
             {"many_timers", many_timers},
             {"storm", storm},
             {"violation", violation},
             {"switch_counter", switch_counter},
             {"ptrace", by_ptrace},
             {"killed", killed}};
  arguments = argv;
  for (unsigned i = 0; argc > 1 && i < sizeof all / sizeof all[0]; ++i) {
    if (strcmp(argv[1], all[i].name) == 0) {
      const int ok = all[i].run();
      puts(ok ? "ok" : "not ok");
      return ok ? 0 : 1;
    }
  }
  return 2;
}
