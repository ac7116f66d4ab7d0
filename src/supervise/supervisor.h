// Supervisor: watches one running sandbox from start to end and fills Observations.
// Must not judge them (decide.h), nor start anything (launch/).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cgroup/group.h"
#include "files/collector.h"
#include "intercept/tracer.h"
#include "launch/launch.h"
#include "policy/spec.h"
#include "result/output_events.h"
#include "supervise/capture.h"
#include "supervise/event_loop.h"
#include "supervise/event_stream.h"
#include "supervise/feeding.h"
#include "supervise/heard.h"
#include "supervise/input_pump.h"
#include "supervise/listener.h"
#include "supervise/observations.h"
#include "supervise/stdio.h"
#include "supervise/thawed_clock.h"

namespace sb::supervise {

// A launch takes milliseconds; this is for sources that hang, such as a dead network file system.
inline constexpr std::uint64_t launch_patience_ns = 30'000'000'000;
// How long init may take to reap what was killed before it is killed itself.
inline constexpr std::uint64_t kill_patience_ns = 5'000'000'000;

struct Channels {
  sys::FdRef signals;      // a signalfd, as that of sys::take_signals(), of what the caller sends
  sys::FdRef events = {};  // where the caller is told what happens, but for the result; may be none
  bool timeline = false;   // whether the outcome is to say when output came
};

// Why: not movable: callbacks of the loop refer to it.
class Supervisor {
 public:
  // All borrowed; they outlive the supervisor. `group` may be null.
  Supervisor(const policy::Spec& spec, const launch::PlanBuilder& builder, launch::Running& running,
             const cgroup::Group* group, std::uint64_t created_ns);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // What is to be saved of the files inside once nothing runs there any more; borrowed.
  // What is to be put there before the program starts; borrowed, or nullptr.
  void feed_with(Feeding* feeding) { feeding_ = feeding; }
  void save_with(const files::Collector* collector) { collector_ = collector; }
  // After a program that ended with 0, where the spec says keep_work: an archive of what it left in
  // the work directory. Errors: files.put.
  Result<sys::Fd> take_work();

  // Runs until everything inside is dead and every byte is read. What went wrong with the sandbox
  // is in the observations; it always ends.
  Observations watch(Stdio stdio, const Channels& channels);

  // Instead: runs until nothing is missing but the program (Plan::late). False: it won't come to
  // that, and there is nothing to watch. What happens afterwards is noticed by resume().
  bool park();
  // And then: as watch(). What the spec says of one run may have changed meanwhile. `tree`: of a
  // program that is not shown inside yet, or invalid. `created_ns`: when this run was asked for.
  Observations resume(Stdio stdio, const Channels& channels, sys::FdRef tree,
                      std::uint64_t created_ns);

 private:
  Result<Done> prepare_launch();
  Result<Done> prepare_run(Stdio& stdio, const Channels& channels);
  Result<Done> hand_program(sys::FdRef tree);
  Observations run_to_end(Result<Done> done);

  // streams
  Result<Done> open_streams(Stdio& stdio);
  std::unique_ptr<Capture> make_capture(sys::Fd source, sys::FdRef sink,
                                        const std::unique_ptr<Capture>& place, const char* name);
  void on_output_limit(std::uint64_t written, const char* name);
  bool finished() const;
  bool drained() const;
  void hurry_readers();
  void abandon_streams();
  void collect_streams();

  // control and error pipe
  void on_report();
  void on_error_pipe();
  void on_death_before_exec();
  std::string_view last_stage() const;
  void on_control();
  void take_messages();
  void end_control();
  void give_up_init(Error error);
  void on_message(launch::Received received);
  void on_init_end();
  void on_failed_stage(const inside::StageReport& report);
  void on_launch_over(const LaunchFacts& facts);
  void on_started_program(std::uint64_t exec_ns);
  void on_exited(const inside::ControlMsg& message);
  void on_settled(const inside::ControlMsg& message);
  void on_attached();
  Result<Done> look_at_empty_disk();
  void look_at_files();
  void check_that_init_lived();
  void keep_work();
  Result<Done> start_feeding();
  Error put_error(Error error) const;

  // forbidden calls
  void take_listener();
  void on_listener(std::uint32_t events);
  void on_violation(result::Violation violation, bool fatal);

  // stopping
  void stop(Stop reason);
  void fail(Error error);
  void kill_inside();
  void hurry_init();
  void on_signals();
  void on_signal(int number);
  bool cancels(int number) const;
  void cancel(int number);
  void cancel_after_end(int number);
  void forward(int number);
  void forward_waiting();
  bool may_run() const;
  // The run was stopped for a call that was cut off before anybody could read it.
  bool saw_unread_call() const;

  // virtual time
  void begin_tracing();
  Result<Done> open_uptime();
  bool show_uptime();
  Result<Done> wait_and_step();
  intercept::Drained drain_streams();
  bool awaits_input();
  void stop_clock();
  void collect_clock();

  // events
  Result<Done> open_events(sys::FdRef events);
  void hold_streams();
  void add_events(Capture::Hooks& hooks, const char* name);
  void tell(std::string_view line);
  void tell_or_drop(std::string_view line);
  void tell_held_output();
  void tell_output(bool is_error, std::uint64_t time_ns, std::string_view bytes);
  void tell_end(bool is_error);
  void tell_started();
  void tell_exited();
  void tell_freeze(const char* what);
  std::uint64_t event_time() const;

  // freezing
  void on_stop_signal();
  void try_freeze();
  void on_frozen(std::uint64_t when_ns);
  void on_thawed(std::uint64_t when_ns);
  void stop_and_resume();
  bool is_ending() const;
  std::uint64_t cpu_ns() const;

  // deadlines
  void on_timer();
  void on_oom_event();
  void check_memory(std::uint64_t now_ns);
  void check_cpu_time(std::uint64_t now_ns);
  void sample_memory();
  void set_timer();

  void log_stages() const;
  void read_usage();
  void collect();
  void note_baseline();
  void subtract_baseline();

  const policy::Spec& spec_;
  const launch::PlanBuilder& builder_;
  launch::Running& running_;
  const cgroup::Group* group_;
  sys::FdRef signals_;
  Observations seen_;

  std::optional<EventLoop> loop_;
  std::unique_ptr<EventStream> events_;                // null: nobody wants to be told
  std::optional<result::OutputEvents> output_events_;  // likewise
  bool has_timeline_ = false;
  std::unique_ptr<Capture> out_;
  std::unique_ptr<Capture> err_;
  std::unique_ptr<InputPump> input_;
  std::optional<Listener> listener_;
  std::unique_ptr<intercept::Tracer> tracer_;  // null: the clock is real
  sys::Fd uptime_;                             // with a virtual one: what /proc/uptime shows
  std::uint64_t shown_uptime_ = 0;             // in hundredths of a second
  sys::Pidfd target_;
  sys::Fd root_;                  // of the sandbox, from `started` until all inside are dead
  sys::Fd scratch_;               // its file system in memory, as long
  result::DiskUsage empty_disk_;  // before the program had any of it
  const files::Collector* collector_ = nullptr;
  Feeding* feeding_ = nullptr;
  std::optional<Result<sys::Fd>> work_;
  sys::Fd timer_;

  Heard heard_;
  bool control_over_ = false;  // nothing more is heard of init
  bool started_ = false;       // init has cloned the target
  bool filter_soon_ = false;   // the target is about to load its filter
  bool launch_over_ = false;   // the error pipe has ended
  bool exited_ = false;        // the program's first process
  bool settled_ = false;       // everything inside is dead and reaped
  bool init_ended_ = false;
  bool ends_late_ = false;             // init's end can wait until the caller has its answer
  bool init_must_have_lived_ = false;  // or what was read of its files is nothing
  bool rest_may_live_ = false;         // the program's first process has ended just now
  std::optional<Result<cgroup::Usage>> usage_;  // of the group, once all is over
  cgroup::Usage baseline_;                      // what the group had used when the program began
  std::vector<int> waiting_signals_;            // to forward once the program runs
  ThawedClock clock_;
  enum class Freeze { thawed, asked, frozen, thawing };
  Freeze freeze_ = Freeze::thawed;
  bool stop_wanted_ = false;  // SIGTSTP came, and no SIGCONT since
  bool by_cgroup_ = false;    // frozen so; else by init
  std::uint64_t frozen_cpu_ns_ = 0;
  int late_signal_ = 0;                  // a cancelling one after the program's end
  std::uint64_t cpus_ = 1;               // that the group can use at once
  std::uint64_t armed_ns_ = 0;           // what the timer is set to
  std::uint64_t next_cpu_check_ns_ = 0;  // 0: none; CLOCK_MONOTONIC like all below
  std::uint64_t next_oom_check_ns_ = 0;
  std::uint64_t next_memory_sample_ns_ = 0;
  std::uint64_t sampled_peak_bytes_ = 0;
  unsigned oom_checks_ = 0;
  std::uint64_t start_deadline_ns_ = 0;  // the launch itself
  std::uint64_t freeze_deadline_ns_ = 0;
  std::uint64_t wall_end_ = 0;          // a reading of clock_, as the next one
  std::uint64_t grace_end_ = 0;         // after a cancelling signal
  std::uint64_t kill_deadline_ns_ = 0;  // after a kill: init has not settled in time
  std::uint64_t sink_deadline_ns_ = 0;  // after a stop: the reader has not taken the rest
};

}  // namespace sb::supervise
