#include "sys/seccomp_notify.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace sb::sys {
namespace {

volatile suseconds_t wait_us = 0;  // only of the one Interrupter there is at a time

constexpr suseconds_t most_us = 20'000;

// Kernel: setitimer is a plain system call, safe in a handler. Why an interval, too: should the
// next call fail, this one's goes on.
bool interrupt_later() {
  wait_us = std::min<suseconds_t>(wait_us * 2, most_us);
  const itimerval soon{{0, most_us}, {0, wait_us}};
  return ::setitimer(ITIMER_REAL, &soon, nullptr) == 0;
}

// Interrupts a blocking call in this thread again and again while it lives.
// Why: repeated, since the first signal may come before the call is entered; each after a longer
// wait, since where a signal takes long to handle (a tracer, an emulator) the call would never be
// entered at all.
class Interrupter {
 public:
  Interrupter() {
    struct ::sigaction action {};
    action.sa_handler = [](int) { (void)interrupt_later(); };
    sigset_t alarm;
    (void)::sigemptyset(&alarm);
    (void)::sigaddset(&alarm, SIGALRM);
    constexpr suseconds_t first_us = 5;
    wait_us = first_us;
    handles_ = ::sigaction(SIGALRM, &action, &old_action_) == 0;
    unblocked_ = handles_ && ::sigprocmask(SIG_UNBLOCK, &alarm, &old_mask_) == 0;
    err_ = unblocked_ && interrupt_later() ? 0 : errno;
  }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;
  ~Interrupter() {
    // Why: blocked first, so that the handler does not set the timer anew; and where it can't be,
    // the handler stays, without which the signal would kill us.
    const bool blocked = !unblocked_ || ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr) == 0;
    const itimerval never{};
    (void)::setitimer(ITIMER_REAL, &never, nullptr);
    if (handles_ && blocked) {
      (void)::sigaction(SIGALRM, &old_action_, nullptr);
    }
  }

  int err() const { return err_; }  // not 0: nothing will be interrupted

 private:
  struct ::sigaction old_action_ {};
  sigset_t old_mask_{};
  bool handles_ = false;
  bool unblocked_ = false;
  int err_ = 0;
};

bool answer(FdRef listener, const seccomp_notif_resp& response) {
  seccomp_notif_resp copy = response;
  for (;;) {
    if (::ioctl(listener.number(), SECCOMP_IOCTL_NOTIF_SEND, &copy) == 0) {
      return true;
    }
    if (errno != EINTR) {
      return false;
    }
  }
}

}  // namespace

TakenFd pidfd_getfd(FdRef pidfd, int number) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd.number(), number, 0));
  return fd >= 0 ? TakenFd{Fd(fd), 0} : TakenFd{Fd(), errno};
}

ReceivedNotification receive_notification(FdRef listener) {
  ReceivedNotification received;  // Kernel: the struct must be all zero (seccomp_unotify(2)).
  if (::ioctl(listener.number(), SECCOMP_IOCTL_NOTIF_RECV, &received.data) == 0) {
    received.state = ReceiveState::received;
    return received;
  }
  received.err = errno;
  received.state = errno == ENOENT  ? ReceiveState::cancelled
                   : errno == EINTR ? ReceiveState::none
                                    : ReceiveState::failed;
  return received;
}

ReceivedNotification receive_notification_now(FdRef listener) {
  const Interrupter interrupter;
  if (interrupter.err() != 0) {
    return {.state = ReceiveState::failed, .err = interrupter.err()};
  }
  return receive_notification(listener);
}

bool answer_continue(FdRef listener, std::uint64_t id) {
  seccomp_notif_resp response{};
  response.id = id;
  response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  return answer(listener, response);
}

bool answer_error(FdRef listener, std::uint64_t id, int err) {
  seccomp_notif_resp response{};
  response.id = id;
  response.error = -err;
  return answer(listener, response);
}

bool is_alive(FdRef listener, std::uint64_t id) {
  return ::ioctl(listener.number(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

}  // namespace sb::sys
