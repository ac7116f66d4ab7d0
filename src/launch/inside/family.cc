// Init's life once the target is there: it reaps, forwards signals, reports, and ends last.
#include "launch/inside/family.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/inside/inside.h"

namespace sb::inside {
namespace {

// Whether the target is not the program yet. Why the page can be believed: it and the command are
// all that the target shares with us, and execve takes them away.
bool is_launching(const Plan& plan) {
  return plan.progress->target_stage != static_cast<uint32_t>(Stage::exec);
}

bool has_guard(const Plan& plan, const Family& family) {
  return plan.progress->guard_pid != 0 && !family.guard_ended;
}

// Kernel: /proc/PID/task/TID/children lists the numbers, each with a space behind it; orphans are
// init's own, so a list of the guard alone means that nobody else is left.
bool only_guard_left(const Plan& plan) {
  char text[16];
  ssize_t size = 0;
  while (size < static_cast<ssize_t>(sizeof text) && (size == 0 || text[size - 1] != ' ')) {
    const ssize_t got =
        pread(children_fd, text + size, sizeof text - static_cast<size_t>(size), size);
    if (got < 0 && errno != EINTR) {
      inside_exit(
          inside_failed);  // Why: it would wait for the guard's end, which waits for its own.
    }
    if (got == 0) {
      break;
    }
    size += got > 0 ? got : 0;
  }
  pid_t pid = 0;
  ssize_t at = 0;
  while (at < size && text[at] >= '0' && text[at] <= '9') {
    pid = pid * 10 + (text[at] - '0');
    ++at;
  }
  return pid == plan.progress->guard_pid && at + 1 == size;
}

// Reaps all that can be reaped. Returns false once nobody but the guard is left.
// Why: acts on what waitpid says only: a SIGCHLD can be sent by the target (decisions 2).
bool reap(const Plan& plan, Family& family) {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == family.main_pid && !family.main_ended) {
      family.end_ns = now_ns();
      family.status = status;
      family.main_ended = true;
      // Kernel: kill(-1) reaches every process of this pid namespace but init, at one instant: a
      // fork under way is refused (pitfall 22). Where there is a guard, it is the supervisor's to
      // make it do the same, since the guard is to survive.
      if (!has_guard(plan, family) || !family.can_list) {
        (void)!kill(-1, SIGKILL);
      }
    } else if (pid > 0 && !family.main_ended && is_launching(plan)) {
      // Why: only the guard can be that, even if its number is not written down yet; nobody but it
      // and the target is there, which would wait for ever.
      family.guard_ended = true;
      (void)!kill(-1, SIGKILL);
    } else if (pid > 0 && pid == plan.progress->guard_pid && !family.guard_ended) {
      family.guard_ended = true;
      if (family.main_ended) {
        (void)!kill(-1, SIGKILL);
      }
    } else if (pid == 0) {
      return !(family.main_ended && family.can_list && has_guard(plan, family) &&
               only_guard_left(plan));
    } else if (pid < 0 && errno != EINTR) {
      return false;
    }
  }
}

// Kernel: kill(-1) reaches all but init at one instant, so that no fork slips through; SIGKILL
// still ends who is stopped. Why: the times leave out only what lies between stop and continue.
void stop_or_continue(const Plan& plan, bool stop) {
  const uint64_t before_ns = now_ns();
  (void)!kill(-1, stop ? SIGSTOP : SIGCONT);
  report_time(plan, stop ? ControlKind::frozen : ControlKind::thawed, stop ? now_ns() : before_ns);
}

// One packet of the supervisor's. Ends init on bye, or when the supervisor is gone.
void obey(const Plan& plan, const Family& family) {
  ControlMsg message;
  const ssize_t got = recv(plan.control_fd, &message, sizeof message, MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (got != sizeof message || message.kind == ControlKind::bye) {
    inside_exit(0);
  }
  if (message.kind == ControlKind::kill) {
    (void)!kill(-1, SIGKILL);
  } else if (message.kind == ControlKind::freeze || message.kind == ControlKind::thaw) {
    stop_or_continue(plan, message.kind == ControlKind::freeze);
  } else if (message.kind == ControlKind::signal && !family.main_ended) {
    // Kernel: the group lives as long as its leader is not reaped, so its number is not reused.
    (void)!kill(-family.main_pid, static_cast<int>(message.arg));
  }
}

// Why one packet where that can be: the first of two would wake the supervisor, often on this very
// CPU, before the second is sent.
void report_end(const Plan& plan, Family& family, bool settled, uint64_t own_rss_kib) {
  const bool tell_main = family.main_ended && !family.main_told;
  const bool guarded = has_guard(plan, family);
  family.main_told = family.main_ended;
  if (tell_main && settled && guarded) {
    report_ended(plan, family.status, family.end_ns, own_rss_kib);
    return;
  }
  if (tell_main) {
    report_exit(plan, family.status, family.end_ns);
  }
  if (settled) {
    report_settled(plan, guarded, own_rss_kib);
  }
}

}  // namespace

void serve(const Plan& plan, Family family, uint64_t own_rss_kib) {
  bool settled = false;
  for (;;) {
    if (!settled) {
      settled = !reap(plan, family);
      report_end(plan, family, settled, own_rss_kib);
    }
    pollfd sources[2];
    memset(sources, 0, sizeof sources);
    sources[0].fd = plan.control_fd;
    sources[0].events = POLLIN;
    sources[1].fd = settled ? -1 : signals_fd;
    sources[1].events = POLLIN;
    if (ppoll(sources, 2, nullptr, nullptr) < 0 && errno != EINTR) {
      inside_exit(inside_failed);
    }
    if (sources[1].revents != 0) {
      signalfd_siginfo ignored[8];
      (void)!read(signals_fd, ignored, sizeof ignored);
    }
    if (sources[0].revents != 0) {
      obey(plan, family);
    }
  }
}

}  // namespace sb::inside
