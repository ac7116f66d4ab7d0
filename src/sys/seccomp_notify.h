// The seccomp user notification calls: take a listener, receive, answer.
// Must not decide what an answer is.
#pragma once

#include <cstdint>
#include <optional>

#include <linux/seccomp.h>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::sys {

// A descriptor of another process's, by its number there (pidfd_getfd(2), Linux 5.6).
struct TakenFd {
  Fd fd;
  int err = 0;
};
TakenFd pidfd_getfd(FdRef pidfd, int number);

enum class ReceiveState {
  received,
  cancelled,  // ENOENT: its caller was killed or interrupted before we took it
  none,       // EINTR: a signal came first
  failed,
};
struct ReceivedNotification {
  ReceiveState state = ReceiveState::failed;
  seccomp_notif data{};
  int err = 0;
};

// Blocks where nothing is there: call it when the listener polls readable.
ReceivedNotification receive_notification(FdRef listener);
// The same, for at most a moment: `none` means that every notification has been accounted for.
ReceivedNotification receive_notification_now(FdRef listener);

// Lets the call run (Linux 5.5), or makes it return -err. False: the caller is gone.
bool answer_continue(FdRef listener, std::uint64_t id);
bool answer_error(FdRef listener, std::uint64_t id, int err);

// Whether the notification's caller still waits: what was read of it since is really its own.
bool is_alive(FdRef listener, std::uint64_t id);

}  // namespace sb::sys
