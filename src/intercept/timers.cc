#include "intercept/timers.h"

#include <algorithm>
#include <csignal>
#include <string>

#include <dirent.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/split.h"
#include "base/units.h"
#include "sys/files.h"
#include "sys/seccomp_notify.h"

namespace sb::intercept {
namespace {

// Kernel: TFD_IOC_SET_TICKS of linux/timerfd.h, for checkpoints (CONFIG_CHECKPOINT_RESTORE).
constexpr unsigned long set_ticks = _IOW('T', 0, std::uint64_t);
constexpr int most_overruns = 0x7fffffff;  // Kernel: DELAYTIMER_MAX

bool is_pending(pid_t tid, pid_t thread, int signal) {
  const std::uint64_t bit = 1ULL << static_cast<unsigned>(signal - 1);
  const auto of_process = status_number(tid, "ShdPnd", 16);
  const auto of_thread = status_number(thread != 0 ? thread : tid, "SigPnd", 16);
  return ((of_process.value_or(0) | of_thread.value_or(0)) & bit) != 0;
}

// Which clock a timerfd goes by; nullopt: it is none.
std::optional<int> clock_of_timerfd(sys::FdRef fd) {
  const std::string text =
      sys::read_file(fmt::format("/proc/self/fdinfo/{}", fd.number()), 1024).data;
  constexpr std::string_view key = "\nclockid: ";
  const std::size_t start = text.find(key);
  if (start == std::string::npos) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(text).substr(start + key.size());
  const auto id = parse_unsigned(first_line(rest));
  return id ? std::optional(static_cast<int>(*id)) : std::nullopt;
}

struct Directory {
  DIR* stream;
  explicit Directory(const std::string& path) : stream(::opendir(path.c_str())) {}
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    if (stream != nullptr) {
      (void)::closedir(stream);
    }
  }
};

// The descriptor of `process` that is this open file; -1: none.
int find_descriptor(pid_t process, sys::FdRef file) {
  const Directory directory(fmt::format("/proc/{}/fd", process));
  if (directory.stream == nullptr) {
    return -1;
  }
  while (const dirent* const entry = ::readdir(directory.stream)) {
    const auto number = parse_unsigned(static_cast<const char*>(entry->d_name));
    if (number &&
        sys::is_same_open_file(::getpid(), file.number(), process, static_cast<int>(*number))
            .value_or(false)) {
      return static_cast<int>(*number);
    }
  }
  return -1;
}

void disarm(sys::FdRef fd) {
  const itimerspec none{};
  (void)::timerfd_settime(fd.number(), 0, &none, nullptr);
}

}  // namespace

Timer& Timers::interval_of(Tracee& user) {
  const pid_t process = user.process;
  for (Timer& timer : timers_) {
    if (timer.kind == Timer::Kind::interval && timer.process == process) {
      return timer;
    }
  }
  Timer timer;
  timer.process = process;
  timer.order = tracees_.order_of_next(user);
  timer.signal = SIGALRM;
  timers_.push_back(std::move(timer));
  return timers_.back();
}

Timer* Timers::find_posix(pid_t process, int id) {
  for (Timer& timer : timers_) {
    if (timer.kind == Timer::Kind::posix && timer.process == process && timer.id == id) {
      return &timer;
    }
  }
  return nullptr;
}

Timer& Timers::add_posix(Tracee& maker, int id) {
  const pid_t process = maker.process;
  remove_posix(process, id);
  Timer timer;
  timer.kind = Timer::Kind::posix;
  timer.process = process;
  timer.id = id;
  timer.order = tracees_.order_of_next(maker);
  timers_.push_back(std::move(timer));
  return timers_.back();
}

void Timers::remove_posix(pid_t process, int id) {
  std::erase_if(timers_, [&](const Timer& timer) {
    return timer.kind == Timer::Kind::posix && timer.process == process && timer.id == id;
  });
}

Timer* Timers::of_descriptor(Tracee& user, int fd) {
  const pid_t process = user.process;
  const sys::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  sys::TakenFd taken = sys::pidfd_getfd(pidfd.ref(), fd);
  if (taken.err != 0) {
    return nullptr;
  }
  for (Timer& timer : timers_) {
    if (timer.kind == Timer::Kind::descriptor &&
        sys::is_same_open_file(::getpid(), timer.fd.number(), ::getpid(), taken.fd.number())
            .value_or(false)) {
      timer.holder = process;
      timer.holder_fd = fd;
      return &timer;
    }
  }
  const std::optional<int> clock_id = clock_of_timerfd(taken.fd.ref());
  if (!clock_id) {
    return nullptr;
  }
  forget_closed();
  Timer timer;
  timer.kind = Timer::Kind::descriptor;
  timer.process = process;
  timer.order = tracees_.order_of_next(user);
  timer.clock_id = *clock_id;
  timer.fd = std::move(taken.fd);
  timer.holder = process;
  timer.holder_fd = fd;
  timers_.push_back(std::move(timer));
  return &timers_.back();
}

void Timers::forget_process(pid_t process) {
  std::erase_if(timers_, [&](const Timer& timer) {
    return timer.kind != Timer::Kind::descriptor && timer.process == process;
  });
}

void Timers::forget_posix(pid_t process) {
  std::erase_if(timers_, [&](const Timer& timer) {
    return timer.kind == Timer::Kind::posix && timer.process == process;
  });
}

Timer* Timers::first() {
  // Why here: nobody is told when the last descriptor of a timer is closed, and its ticks must not
  // move the clock on.
  for (;;) {
    const auto found =
        std::min_element(timers_.begin(), timers_.end(), [](const Timer& a, const Timer& b) {
          return a.deadline_ns != b.deadline_ns ? a.deadline_ns < b.deadline_ns : a.order < b.order;
        });
    if (found == timers_.end() || found->deadline_ns == never) {
      return nullptr;
    }
    if (found->kind != Timer::Kind::descriptor || is_held(*found)) {
      return &*found;
    }
    timers_.erase(found);
  }
}

bool Timers::is_held(Timer& timer) {
  const std::optional<bool> same =
      sys::is_same_open_file(::getpid(), timer.fd.number(), timer.holder, timer.holder_fd);
  if (same.value_or(false)) {
    return true;
  }
  for (const auto& [tid, tracee] : tracees_.all()) {
    const int number = tid == tracee.process ? find_descriptor(tid, timer.fd.ref()) : -1;
    if (number >= 0) {
      timer.holder = tid;
      timer.holder_fd = number;
      return true;
    }
  }
  return false;
}

// Limit: descriptors of ours for timers that the target has closed, a program may make any number.
void Timers::forget_closed() {
  if (timers_.size() < look_again_) {
    return;
  }
  std::erase_if(timers_, [this](Timer& timer) {
    return timer.kind == Timer::Kind::descriptor && !is_held(timer);
  });
  look_again_ = std::max<std::size_t>(64, 2 * timers_.size());
}

void Timers::fire(Timer& timer) {
  // Why: the time of the next one counts from when this one was due.
  const bool again = timer.interval_ns != 0 && timer.interval_ns <= Clock::most_ns &&
                     timer.deadline_ns <= Clock::most_ns - timer.interval_ns;
  timer.deadline_ns = again ? timer.deadline_ns + timer.interval_ns : never;
  switch (timer.kind) {
    case Timer::Kind::interval:
      (void)sys::send_signal(timer.process, 0, SIGALRM, nullptr);
      return;
    case Timer::Kind::posix:
      return fire_posix(timer);
    case Timer::Kind::descriptor:
      return fire_descriptor(timer);
  }
}

void Timers::fire_descriptor(Timer& timer) {
  std::uint64_t ticks = 0;
  pollfd readable{.fd = timer.fd.number(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, 0) == 1 &&
      ::read(timer.fd.number(), &ticks, sizeof ticks) != sizeof ticks) {
    ticks = 0;
  }
  ++ticks;
  if (::ioctl(timer.fd.number(), set_ticks, &ticks) != 0) {
    // Kernel: without that ioctl(2) there is one tick at a time.
    itimerspec soon{};
    soon.it_value.tv_nsec = 1;
    (void)::timerfd_settime(timer.fd.number(), 0, &soon, nullptr);
  }
}

// Kernel: a timer's signal waits at most once; what comes meanwhile is counted (timer_create(2)).
void Timers::fire_posix(Timer& timer) {
  if (timer.notify == SIGEV_NONE) {
    return;
  }
  if (timer.sent && is_pending(timer.process, timer.thread, timer.signal)) {
    timer.overruns = std::min(timer.overruns + 1, most_overruns - 1);
    return;
  }
  siginfo_t info{};
  info.si_signo = timer.signal;
  info.si_code = SI_TIMER;
  info.si_timerid = timer.id;
  info.si_value.sival_ptr = reinterpret_cast<void*>(timer.value);  // Safety: a number of theirs.
  timer.sent = sys::send_signal(timer.process, timer.thread, timer.signal, &info);
  timer.overruns = 0;
}

void Timers::complete(pid_t process, siginfo_t& info) {
  if (info.si_signo == SIGALRM && info.si_code == SI_USER && info.si_pid == 0) {
    // Kernel: only a sender outside of their namespace has the number 0: us, for setitimer.
    info.si_code = SI_KERNEL;
  } else if (info.si_code == SI_TIMER) {
    if (Timer* const timer = find_posix(process, info.si_timerid)) {
      timer->told_overruns = timer->overruns;
      info.si_overrun = timer->overruns;
      timer->overruns = 0;
      timer->sent = false;
    }
  }
}

TimerSetting setting_of(const Timer& timer, const Clock& clock, std::uint64_t least_ns) {
  const std::uint64_t left_ns =
      timer.deadline_ns == never ? 0 : std::max(clock.left(timer.deadline_ns), least_ns);
  return {.interval_ns = timer.interval_ns, .value_ns = left_ns};
}

void set_timer(Timer& timer, const Clock& clock, const TimerSetting& setting, bool absolute) {
  timer.interval_ns = setting.interval_ns;
  timer.deadline_ns = setting.value_ns == 0 ? never
                      : absolute            ? clock.when(timer.clock_id, setting.value_ns)
                                            : clock.after(setting.value_ns);
  timer.sent = false;
  timer.overruns = 0;
  if (timer.kind == Timer::Kind::descriptor) {
    disarm(timer.fd.ref());  // the kernel's own, and the ticks that it has counted
  }
}

}  // namespace sb::intercept
