// The check. For each thread, in this order:
//   A  schedstat is read: it counts the times that the thread got a CPU
//   B  syscall is read, and must not say "running"
//   -- the instant of which the answer is true --
//   C  stat must show a state in which nothing runs
//   D  schedstat must not have changed
// and then whom we have stopped must be so still, and the kernel must have no stop or end of any
// thread for us. Each alone is unsound: B calls a thread blocked that was woken and has not run
// yet, C shows S before a thread has gone to sleep and D alone says nothing of one that was never
// put to sleep. A thread for which A to D held once needs only C and D: the same count later means
// that it has not run since.
#include "intercept/idle.h"

#include <charconv>
#include <cstring>
#include <string_view>

#include "sys/process.h"

namespace sb::intercept {
namespace {

// The number of the call that a thread is blocked in, -1 for none; nullopt: it runs, or is gone.
std::optional<long> blocked_call(const ProcFile& file) {
  std::array<char, 160> text;  // NOLINT(*-member-init): read() fills what is used
  const std::size_t size = file.read(text);
  long number = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + size, number);
  return err == std::errc() ? std::optional(number) : std::nullopt;
}

char state_of(const ProcFile& file) {
  std::array<char, 400> text;  // NOLINT(*-member-init): as above
  const std::size_t size = file.read(text);
  const std::string_view line(text.data(), size);
  // Kernel: the state follows the name, which may hold anything, in parentheses (proc(5)).
  const std::size_t end = line.rfind(')');
  return end != std::string_view::npos && end + 2 < size ? line[end + 2] : 'R';
}

// Why D: who has made a process by vfork waits so until that has called execve.
bool is_asleep(char state, long call) {
  const bool in_vfork = call == SYS_vfork || call == SYS_clone;
  return state == 'S' || state == 'Z' || state == 'X' || state == 'T' || (state == 'D' && in_vfork);
}

// Whether schedstat says what it said; what it says now.
struct Ran {
  std::array<char, 64> text;
  std::size_t size;
  bool same;
};

Ran look_at_runs(const Tracee& tracee) {
  Ran now;  // NOLINT(*-member-init): read() fills what is used
  now.size = tracee.schedstat.read(now.text);
  now.same =
      now.size == tracee.ran_size && std::memcmp(now.text.data(), tracee.ran.data(), now.size) == 0;
  return now;
}

}  // namespace

// A and B of one.
bool IdleCheck::may_sleep(Tracee& tracee) {
  if (!tracee.known) {
    const Ran now = look_at_runs(tracee);
    tracee.ran = now.text;
    tracee.ran_size = now.size;
    const std::optional<long> call = now.size > 0 ? blocked_call(tracee.syscall) : std::nullopt;
    if (!call) {
      last_busy_ = tracee.tid;
      return false;
    }
    tracee.known_call = *call;
  }
  candidates_.push_back(&tracee);
  return true;
}

bool IdleCheck::may_sleep() {
  candidates_.clear();
  Tracee* const busy = tracees_.find(last_busy_);
  if (busy != nullptr && !busy->stands_still() && !may_sleep(*busy)) {
    return false;
  }
  for (auto& [tid, tracee] : tracees_.all()) {
    if (&tracee != busy && !tracee.stands_still() && !may_sleep(tracee)) {
      return false;
    }
  }
  return true;
}

// C and D.
bool IdleCheck::still_sleep() {
  for (Tracee* const tracee : candidates_) {
    tracee->known =
        is_asleep(state_of(tracee->stat), tracee->known_call) && look_at_runs(*tracee).same;
    if (!tracee->known) {
      last_busy_ = tracee->tid;
      return false;
    }
  }
  return true;
}

// Kernel: SIGKILL ends any stop, and whoever was stopped runs to its end, of which nobody is told
// before it is over. SIGCONT, too, makes it run before we hear of it.
bool IdleCheck::stopped_ones_stay() {
  for (auto& [tid, tracee] : tracees_.all()) {
    const char state = tracee.stands_still() ? state_of(tracee.stat) : 't';
    if (state != 't' && state != 'T') {
      last_busy_ = 0;
      return false;
    }
  }
  return true;
}

bool IdleCheck::sleeps(Tracee& tracee) {
  candidates_.clear();
  return !tracee.stands_still() && may_sleep(tracee) && still_sleep();
}

bool IdleCheck::all_sleep() {
  // Why twice: one that was known, and that another has woken, may be asleep again by now.
  return !tracees_.empty() && may_sleep() && (still_sleep() || (may_sleep() && still_sleep())) &&
         stopped_ones_stay() && sys::next_waiting() == 0;
}

}  // namespace sb::intercept
