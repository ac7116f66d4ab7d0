// Tracee: one thread of the target as the virtual clock knows it; and the processes they make up.
// Must not decide what becomes of one: Tracer does.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intercept/calls.h"
#include "intercept/clock.h"
#include "sys/fd.h"
#include "sys/tracing.h"

namespace sb::intercept {

// One small file of /proc that is read again and again.
// Limit: with few descriptors it is opened anew each time.
class ProcFile {
 public:
  ProcFile() = default;
  explicit ProcFile(std::string path);
  // What fits, as text; 0 where the thread is gone.
  std::size_t read(std::span<char> to) const;

 private:
  std::string path_;
  sys::Fd fd_;
};

// A wait whose timeout was taken out of the call; the kernel waits without end.
struct Wait {
  std::uint64_t deadline_ns = never;
  WaitEnd end = WaitEnd::zero;
  bool is_sleep = false;
  enum class Rest { none, timespec, timespec_if_interrupted, timeval };
  Rest rest = Rest::none;
  std::uint64_t rest_address = 0;
  sys::Registers entry{};  // as the program made the call
};

// Which of two came first, as the program made them: the way from its first thread, by numbers of
// what each on the way has made. Why so: whose turn it was meanwhile must not show.
using Order = std::vector<std::uint32_t>;

// A wait for a socket that its timeout ends (socket_calls.cc).
struct SocketWait {
  std::uint64_t deadline_ns = never;
  int end = 0;  // the errno that it ends with
  // Broken off by a signal, and made again with the same deadline: it is to begin, and has.
  enum class Restart { none, due, begun };
  Restart restart = Restart::none;
  bool stopped = false;  // broken off by SIGSTOP or its like, for good
  // What schedstat said when it was looked at.
  std::array<char, 64> ran{};
  std::size_t ran_size = 0;
};

struct Tracee {
  pid_t tid = 0;
  pid_t process = 0;    // its number, as we see it
  pid_t inner_tid = 0;  // as the target sees it
  Order order;
  std::uint32_t made = 0;  // threads and timers
  ProcFile syscall;
  ProcFile stat;
  ProcFile schedstat;

  enum class Doing {
    runs,
    waits,     // in `wait`
    finishes,  // a call of which we look at the end (`entry`)
    held,      // stopped: reads a clock that does not move
    stopped,   // as by SIGSTOP
    begins,    // stopped: its maker's event is yet to come
  };
  Doing doing = Doing::runs;
  bool held_at_signal = false;  // of held: at an instruction, not at a call
  std::uint64_t held_ns = 0;    // of held: what the clock showed
  bool firing = false;          // its time is over, and it was told to come out
  bool interrupted = false;     // a signal broke `wait` off; it goes on if the call is made again
  Wait wait;
  sys::Registers entry{};
  SocketWait socket;
  // Its stops are ours to end: it can't run before, unless it is killed or continued.
  bool stands_still() const { return doing == Doing::held || doing == Doing::stopped; }
  bool announced = false;      // its parent's event has been seen
  std::uint64_t begun_ns = 0;  // of begins: CLOCK_MONOTONIC

  // Of the idle check: it has not run since schedstat said so.
  bool known = false;
  long known_call = 0;
  std::array<char, 64> ran{};
  std::size_t ran_size = 0;
};

// What the threads of a process share.
struct Process {
  std::uint64_t vdso = 0;  // 0: not replaced
  std::uint64_t vdso_size = 0;
  std::uint64_t cell = 0;
  std::uint64_t counter = 0;
  sys::Fd memory;  // /proc/PID/mem, of this program
};

class Tracees {
 public:
  Tracee* find(pid_t tid);
  // `process`: where it is known.
  Tracee& add(pid_t tid);
  void remove(pid_t tid);
  // An execve by one of them: all other threads of the process are gone, without a word.
  Tracee& keep_only(pid_t tid);
  bool has_process(pid_t process) const;
  // The one with this number inside, as threads of `process` see it; 0: none.
  pid_t outer_tid(pid_t process, pid_t inner) const;

  std::map<pid_t, Tracee>& all() { return threads_; }
  const std::map<pid_t, Tracee>& all() const { return threads_; }
  std::map<pid_t, Process>& processes() { return processes_; }
  bool empty() const { return threads_.empty(); }
  // Of what `maker` makes now.
  Order order_of_next(Tracee& maker);

 private:
  std::map<pid_t, Tracee> threads_;
  std::map<pid_t, Process> processes_;
  std::uint32_t added_ = 0;
};

// A number of /proc/TID/status such as "Tgid", in base 10; of a mask such as "SigCgt", in base 16.
std::optional<std::uint64_t> status_number(pid_t tid, std::string_view name, int base);

}  // namespace sb::intercept
