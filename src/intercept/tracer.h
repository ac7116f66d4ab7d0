// Tracer: traces all threads of one target, and runs its virtual clock: what Supervisor is for its
// life, this is for its time.
// Must not know a Supervisor, nor kill: it calls back, and who watches the run decides.
//
// Theory of operation. A second filter (trace_filter.h) stops a thread at each call that has to do
// with time. What only reads a clock is answered; a wait is made endless, and its deadline kept
// (waits.h); timers are kept in a table (timers.h). While any thread can run, the clock stands.
// Once all sleep (idle.h), all output is read, which belongs to this instant; then the clock jumps
// to the earliest deadline, and one wait or timer, no more, comes to its end. That order, by
// deadline and age, makes runs alike.
#pragma once

#include <functional>
#include <set>

#include "base/error.h"
#include "intercept/clock.h"
#include "intercept/clock_reads.h"
#include "intercept/idle.h"
#include "intercept/one_cpu.h"
#include "intercept/timers.h"
#include "intercept/tracee.h"
#include "intercept/waits.h"

namespace sb::intercept {

// What came of reading the target's output until nothing is left.
enum class Drained {
  nothing,  // there was none
  some,     // there was: who waited for room may run now
  not_yet,  // somebody outside has to take what was read before
};

struct Hooks {
  std::function<Drained()> drain;
  // Whether the target's stdin is empty and may yet bring something.
  std::function<bool()> awaits_input;
  // Nothing inside will ever run again.
  std::function<void()> on_deadlock;
  // The clock stands at its limit, and everything waits for a later time.
  std::function<void()> on_limit;
  // The clock shows something else now.
  std::function<void()> on_moved;
  std::function<void(Error)> on_error;
};

struct Settings {
  std::uint64_t start_ns = 0;             // since 1970
  std::optional<std::uint64_t> limit_ns;  // of elapsed time
  bool outside_wakes = false;             // somebody out there may, at any time
  EndlessCall endless;
};

// Why: not movable: it refers to its own parts.
class Tracer {
 public:
  Tracer(Settings settings, Hooks hooks);
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  // Whoever is still traced is killed and reaped.
  ~Tracer();

  // Polls readable when step() has something to do.
  static Result<sys::Fd> open_wakeup();
  // Begins with the target, which waits and has loaded the filter; it is stopped at its execve.
  // `init`: a child of ours that is not our business. Errors: clock.trace.
  Result<Done> begin(pid_t target, pid_t init, sys::Fd wakeup);
  sys::FdRef wakeup() const { return wakeup_.ref(); }
  // The program may start.
  void let_run();
  // Does what there is to do. `paused`: the clock is to stand, whoever sleeps.
  void step(bool paused);
  // How long until step() is due again, if nothing comes before.
  std::uint64_t patience_ns() const { return patience_ns_; }
  // The clock stands from now on: the program has ended, or is to.
  void end() { ended_ = true; }

  const Clock& clock() const { return clock_; }
  const ClockCounts& counts() const { return counts_; }
  // Whether another run of the same would come out the same, as far as the clock has to do with it.
  bool is_deterministic() const;

 private:
  // tracer_events.cc: what the kernel tells of a thread
  bool take_expected();
  bool take_event();
  void on_event(pid_t tid, sys::WaitStatus status);
  void on_end(pid_t tid);
  void on_stop(Tracee& tracee, int raw);
  void on_ptrace_event(Tracee& tracee, int event, int signal);
  void on_signal(Tracee& tracee, int signal);
  void on_new_thread(Tracee& parent);
  void begin(Tracee& tracee);
  void begin_orphans(std::uint64_t now_ns);
  void on_exec(pid_t tid);

  // tracer_calls.cc: calls that stop, and their ends
  void on_call(Tracee& tracee);
  void answer(Tracee& tracee, sys::Registers registers, long value);
  void watch_end(Tracee& tracee, const sys::Registers& registers);
  bool on_wait(Tracee& tracee, const sys::Registers& registers);
  bool on_special(Tracee& tracee, const sys::Registers& registers);
  void on_call_end(Tracee& tracee);
  void note_made_timer(Tracee& tracee);

  // timer_calls.cc: false: the kernel's own affair
  bool on_timer_call(Tracee& tracee, const sys::Registers& registers);
  long set_interval(Tracee& tracee, const sys::Registers& registers);
  long set_alarm(Tracee& tracee, const sys::Registers& registers);
  long use_timer(Tracee& tracee, const sys::Registers& registers, Timer& timer, bool sets);

  // socket_calls.cc: timeouts of sockets
  bool on_socket_option(Tracee& tracee, const sys::Registers& registers);
  bool set_socket_timeout(Tracee& tracee, const sys::Registers& registers, sys::FdRef socket,
                          int option);
  void look_at_sockets(bool all_sleep);
  void look_at_socket(Tracee& tracee);
  void end_socket_wait(Tracee& tracee, sys::Registers& registers);
  bool restart_socket_call(Tracee& tracee);
  static bool follow_restart(Tracee& tracee);

  // clock_calls.cc: readings, and threads that are held at them
  bool on_reading(Tracee& tracee, const sys::Registers& registers);
  bool on_instruction(Tracee& tracee);
  bool must_hold(Tracee& tracee, bool direct);
  void finish_reading(Tracee& tracee);
  void finish_instruction(Tracee& tracee);
  void release(Tracee& tracee);
  std::vector<Tracee*> held();  // in their order

  // tracer.cc: the clock
  void note_told();
  void note_let_go(pid_t tid);
  void let_others_run();
  bool on_idle();
  void on_nothing_due();
  bool tick(std::uint64_t next_ns, const std::vector<Tracee*>& waiting);
  void on_busy();
  void follow_cpu(std::uint64_t used_ns);
  static std::uint64_t deadline_of(const Tracee& tracee);
  std::uint64_t next_deadline();
  void jump(std::uint64_t to_ns);
  void fire_next();
  void fire(Tracee& tracee);
  void advance_running(std::uint64_t to_ns);
  void show_all();
  std::uint64_t cpu_ns() const;
  void wait_at_most(std::uint64_t ns) { patience_ns_ = ns; }

  Settings settings_;
  Hooks hooks_;
  Clock clock_;
  ClockCounts counts_;
  ClockReads reads_;
  Tracees tracees_;
  Timers timers_;
  IdleCheck idle_;
  std::set<pid_t> early_ends_;  // threads that died before their parent's event came
  std::optional<OneCpu> one_cpu_;
  sys::Fd wakeup_;
  pid_t init_ = 0;
  pid_t let_go_ = 0;  // the last one whom we did something to, or 0
  bool may_run_ = false;
  pid_t waiting_exec_ = 0;  // stopped at the first execve until it may
  bool started_ = false;
  bool ended_ = false;
  bool socket_timeouts_ = false;  // somebody has set one
  bool real_timeouts_ = false;    // the kernel's own, by real time: a socket was not to be had
  std::uint64_t readings_ = 0;    // of the time stamp counter
  std::uint64_t patience_ns_ = 0;
  std::uint64_t backoff_ns_ = 0;

  // Of a target that does not come to sleep.
  bool stalling_ = false;
  std::uint64_t busy_since_ns_ = 0;
  std::optional<std::uint64_t> cpu_start_ns_;
  std::uint64_t stall_start_ns_ = 0;
  // Of one in which nothing is due.
  std::uint64_t silent_since_ns_ = 0;
};

}  // namespace sb::intercept
