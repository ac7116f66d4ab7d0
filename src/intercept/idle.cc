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

}  // namespace

bool IdleCheck::may_sleep() {
  if (Tracee* const busy = tracees_.find(last_busy_);
      busy != nullptr && !busy->stands_still() && !blocked_call(busy->syscall)) {
    return false;
  }
  candidates_.clear();
  for (auto& [tid, tracee] : tracees_.all()) {
    if (tracee.stands_still()) {
      continue;
    }
    if (tracee.known) {
      candidates_.push_back({&tracee, tracee.known_call, true});
      continue;
    }
    tracee.ran_size = tracee.schedstat.read(tracee.ran);
    const std::optional<long> call = blocked_call(tracee.syscall);
    if (tracee.ran_size == 0 || !call) {
      last_busy_ = tid;
      return false;
    }
    candidates_.push_back({&tracee, *call, false});
  }
  return true;
}

bool IdleCheck::still_sleep() {
  for (const Candidate& candidate : candidates_) {
    Tracee& tracee = *candidate.tracee;
    std::array<char, 64> ran;  // NOLINT(*-member-init): as above
    const bool sleeps = is_asleep(state_of(tracee.stat), candidate.call);
    const std::size_t size = sleeps ? tracee.schedstat.read(ran) : 0;
    if (!sleeps || size != tracee.ran_size ||
        std::memcmp(ran.data(), tracee.ran.data(), size) != 0) {
      // Why again: one that has run since it was known may have gone to sleep anew.
      again_ = again_ || (sleeps && tracee.known);
      tracee.known = false;
      last_busy_ = tracee.tid;
      return false;
    }
    tracee.known = true;
    tracee.known_call = candidate.call;
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
  if (tracee.stands_still()) {
    return false;
  }
  if (!tracee.known) {
    tracee.ran_size = tracee.schedstat.read(tracee.ran);
  }
  const std::optional<long> call =
      tracee.known ? std::optional(tracee.known_call) : blocked_call(tracee.syscall);
  if (tracee.ran_size == 0 || !call) {
    return false;
  }
  candidates_.assign({Candidate{&tracee, *call, tracee.known}});
  const bool was_known = tracee.known;
  return still_sleep() || (was_known && sleeps(tracee));
}

bool IdleCheck::all_sleep() {
  if (tracees_.empty()) {
    return false;
  }
  constexpr int most_looks = 3;
  again_ = true;
  for (int i = 0; i < most_looks && again_; ++i) {
    again_ = false;
    if (may_sleep() && still_sleep()) {
      return stopped_ones_stay() && sys::next_waiting() == 0;
    }
  }
  return false;
}

}  // namespace sb::intercept
