// Processes: pidfds, wait statuses, signals of our own. The only way we refer to a process.
// Must not decide whom to signal or why.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::sys {

// The int of wait(2), with its meanings.
class WaitStatus {
 public:
  WaitStatus() = default;
  explicit WaitStatus(int raw) : raw_(raw) {}
  static WaitStatus for_exit_code(int code) { return WaitStatus((code & 0xff) << 8); }
  static WaitStatus for_signal(int number) { return WaitStatus(number & 0x7f); }

  std::optional<int> exit_code() const;     // nullopt: did not exit
  std::optional<int> fatal_signal() const;  // nullopt: was not killed by a signal
  bool dumped_core() const;
  int raw() const { return raw_; }

 private:
  int raw_ = 0;
};

// A process that can't be mistaken for a later one with its number.
class Pidfd {
 public:
  Pidfd() = default;
  explicit Pidfd(Fd fd) : fd_(std::move(fd)) {}
  FdRef ref() const { return fd_.ref(); }
  bool valid() const { return fd_.valid(); }

  std::optional<std::int64_t> pid() const;  // its number, as we see it
  int send_signal(int number) const;  // errno or 0; ESRCH after its end (pidfd_send_signal(2))
  std::optional<WaitStatus> wait_nohang() const;
  std::optional<WaitStatus> end() const;  // the same, and it stays to be reaped
  // Reaps; waits at most `ms` milliseconds. nullopt: still alive, or not our child.
  std::optional<WaitStatus> wait(int ms) const;

 private:
  Fd fd_;
};

std::uint64_t monotonic_ns();
int thread_count();  // of this process; 0 where /proc can't tell

// Blocks every signal in this thread for its lifetime's rest, ignores SIGPIPE, sets SIGCHLD to
// default (a caller may have ignored it: waitpid would lose statuses). Returns a signalfd that
// reports the signals a caller may send us.
Result<Fd> take_signals();

// SIGHUP, SIGINT, SIGQUIT or SIGTERM: whoever sends it wants us to end.
bool is_end_signal(int number);
// One of them that has come since take_signals() and was not read yet, nor is by this.
std::optional<int> pending_end_signal();

// Raises the soft limit of open files to the hard one: a launch opens about forty.
void use_all_descriptors();

// The signals that wait in it, at most eight; none where there are none.
std::vector<int> read_signals(FdRef signalfd);

// Stops this process as a shell's ^Z would, also where SIGTSTP is ignored: in a process group that
// nobody watches. Returns once it is continued (SIGCONT).
void stop_self();

// Whether this process has a controlling terminal that was not hung up.
bool has_terminal();

// Closed standard descriptors get a stand-in, so that no later one lands on 0, 1 or 2.
void fill_standard_fds();

}  // namespace sb::sys
