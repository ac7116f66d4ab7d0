// Waits for sockets that have timeouts, in every way, and what came of each: a name, the error, and
// how many steps it took. By a real clock and by a virtual one the same is printed.
// socket_times STEP_IN_MS [forever]
// forever: then waits with a timeout that was taken back.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t step_us;

static int64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t begun_us;
static void begin(void) { begun_us = now_us(); }
static void tell(const char* name, long result) {
  const int error = errno;
  const int64_t steps = (now_us() - begun_us + step_us / 2) / step_us;
  printf("%s: %s after %ld\n", name, result < 0 ? strerrorname_np(error) : "ok", (long)steps);
  fflush(stdout);
}

static void set_after(int fd, int option, int steps) {
  const int64_t us = steps * step_us;
  const struct timeval time = {us / 1000000, us % 1000000};
  if (setsockopt(fd, SOL_SOCKET, option, &time, sizeof time) != 0) {
    perror("setsockopt");
    exit(1);
  }
}
static void wait_steps(int steps) {
  const int64_t us = steps * step_us;
  const struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}
static void alarm_after(int steps) {
  const int64_t us = steps * step_us;
  const struct itimerval time = {{0, 0}, {us / 1000000, us % 1000000}};
  setitimer(ITIMER_REAL, &time, NULL);
}

static int pair[2];
static void open_pair(void) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
    exit(1);
  }
}
static void close_pair(void) {
  close(pair[0]);
  close(pair[1]);
}

static void receives(void) {
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  struct mmsghdr many = {.msg_hdr = message};
  open_pair();
  set_after(pair[0], SO_RCVTIMEO, 2);
  begin(), tell("recv", recv(pair[0], &byte, 1, 0));
  begin(), tell("read", read(pair[0], &byte, 1));
  begin(), tell("readv", readv(pair[0], &part, 1));
  begin(), tell("recvmsg", recvmsg(pair[0], &message, 0));
  begin(), tell("recvmmsg", recvmmsg(pair[0], &many, 1, 0, NULL));
  begin(), tell("dontwait", recv(pair[0], &byte, 1, MSG_DONTWAIT));
  const int copy = dup(pair[0]);
  begin(), tell("dup", read(copy, &byte, 1));
  if (fork() == 0) {
    set_after(copy, SO_RCVTIMEO, 3);
    _exit(0);
  }
  wait(NULL);
  begin(), tell("set by a child", read(pair[0], &byte, 1));
  begin();
  if (fork() == 0) {
    wait_steps(1);
    _exit(write(pair[1], "xy", 2) == 2 ? 0 : 1);
  }
  tell("data comes first", read(pair[0], &byte, 1));
  tell("and is there", read(pair[0], &byte, 1));
  wait(NULL);
  begin(), tell("and no more", read(pair[0], &byte, 1));
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  set_after(udp, SO_RCVTIMEO, 1);
  begin(), tell("udp", recv(udp, &byte, 1, 0));
  close(udp);
  close(copy);
  close_pair();
}

static void sends(void) {
  static char block[1 << 20];
  open_pair();
  set_after(pair[0], SO_SNDTIMEO, 2);
  begin(), tell("write a part", write(pair[0], block, sizeof block));
  begin(), tell("write", write(pair[0], block, sizeof block));
  begin(), tell("send", send(pair[0], block, 1, 0));
  close_pair();
}

static int listen_on(int domain, void* address, socklen_t size) {
  const int fd = socket(domain, SOCK_STREAM, 0);
  if (bind(fd, address, size) != 0 || listen(fd, 0) != 0 || getsockname(fd, address, &size) != 0) {
    exit(1);
  }
  return fd;
}

static void connects(int domain) {
  struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "\0socket_times"};
  struct sockaddr* const address = domain == AF_INET ? (void*)&inet : (void*)&local;
  const socklen_t size = domain == AF_INET ? sizeof inet : sizeof local;
  const int listener = listen_on(domain, address, size);
  set_after(listener, SO_RCVTIMEO, 2);
  begin(), tell("accept", accept(listener, NULL, NULL));
  int waiting[8];
  for (int i = 0; i < 8; ++i) {
    waiting[i] = socket(domain, SOCK_STREAM, 0);
    set_after(waiting[i], SO_SNDTIMEO, 3);
    begin();
    if (connect(waiting[i], address, size) != 0) {
      tell("connect", -1);
      break;
    }
  }
  const int accepted = accept(listener, NULL, NULL);
  char byte;
  if (domain == AF_INET) {
    begin(), tell("inherited", read(accepted, &byte, 1));
  }
  close(accepted);
  close(listener);
}

static void on_signal(int number) { (void)number; }

static void signals(void) {
  char byte;
  open_pair();
  set_after(pair[0], SO_RCVTIMEO, 3);
  signal(SIGALRM, on_signal);  // SA_RESTART
  alarm_after(1);
  begin(), tell("caught", read(pair[0], &byte, 1));
  signal(SIGALRM, SIG_IGN);
  alarm_after(1);
  begin(), tell("ignored", read(pair[0], &byte, 1));
  begin();
  if (fork() == 0) {
    wait_steps(1);
    _exit(0);
  }
  tell("a child ends", read(pair[0], &byte, 1));
  wait(NULL);
  begin();
  if (fork() == 0) {
    wait_steps(1);
    kill(getppid(), SIGSTOP);
    wait_steps(1);
    kill(getppid(), SIGCONT);
    _exit(0);
  }
  tell("stopped", read(pair[0], &byte, 1));
  wait(NULL);
  close_pair();
}

static void* read_long(void* unused) {
  char byte;
  begin(), tell("set meanwhile", read(pair[0], &byte, 1));
  return unused;
}

static void settings(void) {
  char byte;
  struct timeval time = {1, 1000000};
  socklen_t size = sizeof time;
  open_pair();
  begin();
  tell("no microseconds", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
  tell("too short", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, 8));
  tell("no memory", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, (void*)8, sizeof time));
  tell("no descriptor", setsockopt(999, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
  int pipes[2];
  tell("pipe", pipe(pipes));
  tell("no socket", setsockopt(pipes[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
  set_after(pair[0], SO_RCVTIMEO, 5);
  tell("get", getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, &size));
  printf("%ld of %u\n", (long)((time.tv_sec * 1000000 + time.tv_usec) / step_us), size);
  tell("get the other", getsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &time, &size));
  printf("%ld\n", (long)(time.tv_sec * 1000000 + time.tv_usec));
  pthread_t thread;
  pthread_create(&thread, NULL, read_long, NULL);
  wait_steps(1);
  set_after(pair[0], SO_RCVTIMEO, 1);
  pthread_join(thread, NULL);
  time = (struct timeval){-5, 0};
  tell("set below 0", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
  begin(), tell("below 0", read(pair[0], &byte, 1));
  close_pair();
}

int main(int count, char** words) {
  step_us = (count > 1 ? atol(words[1]) : 100) * 1000;
  receives();
  sends();
  connects(AF_UNIX);
  connects(AF_INET);
  signals();
  settings();
  if (count > 2) {
    open_pair();
    set_after(pair[0], SO_RCVTIMEO, 1);
    set_after(pair[0], SO_RCVTIMEO, 0);
    (void)!read(pair[0], &count, 1);
  }
  return 0;
}
