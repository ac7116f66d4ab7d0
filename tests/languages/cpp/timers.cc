// Timers of four kinds and the signals that they send.
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <thread>

namespace {

volatile std::sig_atomic_t alarms = 0;
void on_alarm(int) { alarms = alarms + 1; }

}  // namespace

int main() {
  using namespace std::chrono_literals;
  const auto start = std::chrono::steady_clock::now();

  struct sigaction action = {};
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval every = {{0, 5000}, {0, 5000}};
  setitimer(ITIMER_REAL, &every, nullptr);
  while (alarms < 3) {
    pause();
  }
  const itimerval never = {};
  setitimer(ITIMER_REAL, &never, nullptr);

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer;
  const itimerspec once = {{}, {0, 10'000'000}};
  const int signals = signalfd(-1, &set, SFD_CLOEXEC);
  const int clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || signals < 0 || clock < 0 || loop < 0) {
    return 1;
  }
  timer_settime(timer, 0, &once, nullptr);
  timerfd_settime(clock, 0, &once, nullptr);
  for (const int fd : {signals, clock}) {
    epoll_event wanted = {};
    wanted.events = EPOLLIN;
    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &wanted);
    epoll_event seen = {};
    if (epoll_wait(loop, &seen, 1, 5000) != 1) {
      return 1;
    }
    epoll_ctl(loop, EPOLL_CTL_DEL, fd, nullptr);
  }
  signalfd_siginfo info = {};
  std::uint64_t ticks = 0;
  if (read(signals, &info, sizeof info) != sizeof info || read(clock, &ticks, 8) != 8) {
    return 1;
  }
  std::this_thread::sleep_for(10ms);
  const bool later = std::chrono::steady_clock::now() - start >= 25ms;
  std::printf("alarms, signal %u, %ju tick, later %d\n", info.ssi_signo, ticks, later);
}
