// Everything that waits, interrupts a wait, or tells what is left of it. Says only what a kernel
// must say whatever the machine's speed, with times rounded to the step it counts in.
// time_calls [MS]: the length of a step; by a virtual clock any is as good.
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long step_ns = 100000000;
static struct timespec start;

static struct timespec span(double steps) {
  const long long ns = (long long)(steps * (double)step_ns);
  return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static double steps_of(struct timespec time) {
  return ((double)time.tv_sec * 1e9 + (double)time.tv_nsec) / (double)step_ns;
}

// Rounded to whole steps: a real kernel is late by some part of one.
static int now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_sec -= start.tv_sec;
  time.tv_nsec -= start.tv_nsec;
  return (int)(steps_of(time) + 0.4);
}

static volatile sig_atomic_t caught;
static void on_signal(int number) { caught += number != 0; }

static void say(const char* what, long result, int err) {
  printf("%2d %s %ld %s caught %d\n", now(), what, result, result < 0 ? strerrorname_np(err) : "-",
         (int)caught);
  caught = 0;
}
#define SAY(what, call)      \
  do {                       \
    const long got = (call); \
    const int err = errno;   \
    say(what, got, err);     \
  } while (0)

static void handle(int number, int flags) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  sigaction(number, &action, NULL);
}

// In `steps`, once or again and again.
static void set_alarm(double steps, double again) {
  const struct timespec first = span(steps);
  const struct timespec next = span(again);
  const struct itimerval timer = {{next.tv_sec, next.tv_nsec / 1000},
                                  {first.tv_sec, first.tv_nsec / 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void sleeps(void) {
  struct timespec time = span(2);
  struct timespec rest = {0, 0};
  SAY("nanosleep", nanosleep(&time, &rest));
  set_alarm(1, 0);
  time = span(3);
  SAY("nanosleep, a handler", nanosleep(&time, &rest));
  printf("   rest %d\n", (int)(steps_of(rest) + 0.5));
  handle(SIGALRM, SA_RESTART);
  set_alarm(1, 0);
  rest = span(2);
  SAY("nanosleep, SA_RESTART", nanosleep(&rest, &rest));
  printf("   rest %d\n", (int)(steps_of(rest) + 0.5));
  clock_gettime(CLOCK_REALTIME, &time);
  const struct timespec more = span(2);
  time.tv_sec += more.tv_sec + (time.tv_nsec + more.tv_nsec) / 1000000000;
  time.tv_nsec = (time.tv_nsec + more.tv_nsec) % 1000000000;
  SAY("clock_nanosleep, absolute", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL));
  SAY("clock_nanosleep, past", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL));
  time = (struct timespec){0, 1000000000};
  SAY("nanosleep, no time", nanosleep(&time, NULL));
  SAY("nanosleep, no memory", syscall(SYS_nanosleep, 8, NULL));
}

static void polls(void) {
  int ends[2];
  struct pollfd waited = {.events = POLLIN};
  SAY("pipe", pipe(ends));
  waited.fd = ends[0];
  const int step_ms = (int)(step_ns / 1000000);
  SAY("poll", poll(&waited, 1, 2 * step_ms));
  SAY("poll, at once", poll(&waited, 1, 0));
  set_alarm(1, 0);
  SAY("poll, a handler", poll(&waited, 1, 3 * step_ms));
  struct timespec time = span(1);
  SAY("ppoll", ppoll(&waited, 1, &time, NULL));
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  const struct timespec two = span(2);
  struct timeval rest = {two.tv_sec, two.tv_nsec / 1000};
  set_alarm(1, 0);
  SAY("select, a handler", select(ends[0] + 1, &set, NULL, NULL, &rest));
  printf("   rest %d\n",
         (int)(steps_of((struct timespec){rest.tv_sec, rest.tv_usec * 1000}) + 0.5));
  FD_SET(ends[0], &set);
  rest = (struct timeval){0, 0};
  SAY("select, at once", select(ends[0] + 1, &set, NULL, NULL, &rest));
  time = span(1);
  SAY("pselect", pselect(ends[0] + 1, &set, NULL, NULL, &time, NULL));
  const int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
  SAY("epoll", epoll_wait(epoll, &event, 1, step_ms));
  set_alarm(1, 0);
  SAY("epoll, a handler", epoll_wait(epoll, &event, 1, 2 * step_ms));
  if (fork() == 0) {
    time = span(1);
    nanosleep(&time, NULL);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  SAY("epoll, something comes", epoll_wait(epoll, &event, 1, 3 * step_ms));
  wait(NULL);
}

static void* unlock_later(void* mutex) {
  const struct timespec time = span(1);
  nanosleep(&time, NULL);
  pthread_mutex_unlock(mutex);
  return NULL;
}

static void locks(void) {
  int word = 1;
  struct timespec time = span(1);
  SAY("futex", syscall(SYS_futex, &word, FUTEX_WAIT, 1, &time, NULL, 0));
  SAY("futex, another value", syscall(SYS_futex, &word, FUTEX_WAIT, 2, &time, NULL, 0));
  set_alarm(1, 0);
  time = span(2);
  SAY("futex, a handler", syscall(SYS_futex, &word, FUTEX_WAIT, 1, &time, NULL, 0));
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  clock_gettime(CLOCK_REALTIME, &time);
  const struct timespec two = span(2);
  time.tv_sec += two.tv_sec + (time.tv_nsec + two.tv_nsec) / 1000000000;
  time.tv_nsec = (time.tv_nsec + two.tv_nsec) % 1000000000;
  SAY("timedlock", pthread_mutex_timedlock(&mutex, &time) == ETIMEDOUT);
  SAY("timedlock, past", pthread_mutex_timedlock(&mutex, &time) == ETIMEDOUT);
  pthread_t thread;
  pthread_create(&thread, NULL, unlock_later, &mutex);
  clock_gettime(CLOCK_REALTIME, &time);
  const struct timespec five = span(5);
  time.tv_sec += five.tv_sec + (time.tv_nsec + five.tv_nsec) / 1000000000;
  time.tv_nsec = (time.tv_nsec + five.tv_nsec) % 1000000000;
  SAY("timedlock, in time", pthread_mutex_timedlock(&mutex, &time));
  pthread_join(thread, NULL);
  const int semaphore = semget(IPC_PRIVATE, 1, 0600);
  struct sembuf take = {.sem_op = -1};
  time = span(1);
  SAY("semtimedop", semtimedop(semaphore, &take, 1, &time));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  SAY("sigtimedwait", sigtimedwait(&set, NULL, &time));
}

static int overruns;
static void on_timer(int number, siginfo_t* info, void* context) {
  (void)context;
  printf("%2d signal %d %s value %d overrun %d\n", now(), number,
         info->si_code == SI_TIMER ? "of a timer" : "of the kernel", info->si_value.sival_int,
         info->si_code == SI_TIMER ? info->si_overrun : 0);
  overruns += info->si_overrun;
}

static void timers(void) {
  struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  event.sigev_value.sival_int = 77;
  timer_t timer;
  SAY("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec setting = {span(1), span(1)};
  SAY("timer_settime", timer_settime(timer, 0, &setting, NULL));
  pause();
  pause();
  SAY("timer_getoverrun", timer_getoverrun(timer));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  struct timespec time = span(3.5);
  SAY("nanosleep, blocked", nanosleep(&time, NULL));
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  SAY("timer_getoverrun", timer_getoverrun(timer));
  timer_gettime(timer, &setting);
  printf("   next in half a step: %d\n",
         steps_of(setting.it_value) > 0 && steps_of(setting.it_value) < 1);
  SAY("timer_delete", timer_delete(timer));
  SAY("timer_settime, gone", timer_settime(timer, 0, &setting, NULL));
  time = span(0.5);
  nanosleep(&time, NULL);
  SAY("alarm", alarm(50));
  SAY("alarm, again", alarm(0));
}

static void descriptors(void) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  struct itimerspec setting = {span(1), span(2)};
  uint64_t ticks = 0;
  SAY("timerfd_settime", timerfd_settime(fd, 0, &setting, NULL));
  SAY("timerfd, read", read(fd, &ticks, sizeof ticks));
  struct timespec time = span(3.5);
  nanosleep(&time, NULL);
  SAY("timerfd, read later", read(fd, &ticks, sizeof ticks));
  printf("   ticks %d\n", (int)ticks);
  timerfd_gettime(fd, &setting);
  printf("   next in half a step: %d\n",
         steps_of(setting.it_value) > 0 && steps_of(setting.it_value) < 1);
  struct pollfd waited = {.fd = fd, .events = POLLIN};
  SAY("timerfd, poll", poll(&waited, 1, -1));
  close(fd);
}

// Stopped and continued while it sleeps: it sleeps on, no longer for that.
static void stops(void) {
  const pid_t child = fork();
  if (child == 0) {
    const struct timespec time = span(4);
    _exit(nanosleep(&time, NULL) == 0 ? 0 : 1);
  }
  struct timespec time = span(1);
  int status = 0;
  nanosleep(&time, NULL);
  kill(child, SIGSTOP);
  SAY("stopped", waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  nanosleep(&time, NULL);
  kill(child, SIGCONT);
  SAY("continued", waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
  SAY("ended", waitpid(child, &status, 0) == child ? status : -1);
}

int main(int argc, char** argv) {
  step_ns = (argc > 1 ? atol(argv[1]) : 100) * 1000000;
  setvbuf(stdout, NULL, _IOLBF, 0);
  handle(SIGALRM, 0);
  clock_gettime(CLOCK_MONOTONIC, &start);
  sleeps();
  polls();
  locks();
  timers();
  descriptors();
  stops();
  return 0;
}
