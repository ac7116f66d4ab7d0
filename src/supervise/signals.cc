// The supervisor's part in the signals that the caller sends it.
#include <csignal>
#include <utility>

#include "result/events.h"
#include "result/outcome.h"
#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {

void Supervisor::on_signals() {
  for (const int number : sys::read_signals(signals_)) {
    on_signal(number);
  }
}

void Supervisor::on_signal(int number) {
  if (number == SIGTSTP) {
    on_stop_signal();
  } else if (number == SIGCONT) {
    stop_wanted_ = false;
    freeze_deadline_ns_ = 0;
  } else {
    if (events_ != nullptr) {
      tell_or_drop(result::signal_event(event_time(), number));
    }
    cancels(number) ? cancel(number) : forward(number);
  }
}

// Why: a hang-up comes once from the kernel and once more from the shell, and neither is a wish to
// kill at once; and where the terminal is still there, SIGHUP means "read your configuration
// again".
bool Supervisor::cancels(int number) const {
  const bool cancelled = seen_.stop && seen_.stop->kind == StopKind::cancelled;
  return number == SIGTERM || number == SIGINT || number == SIGQUIT ||
         (number == SIGHUP && !cancelled && !sys::has_terminal());
}

void Supervisor::cancel(int number) {
  if (exited_ || init_ended_) {
    cancel_after_end(number);
    return;
  }
  const bool first = seen_.record_stop(
      {.kind = StopKind::cancelled, .mechanism = "signal", .detail = result::signal_name(number)});
  if (!first || !may_run() || spec_.grace_ns == 0) {
    kill_inside();
    return;
  }
  forward(number);
  grace_end_ = clock_.at(sys::monotonic_ns()) + spec_.grace_ns;
}

// Why not `executed` alone: the end of the error pipe may not have been read yet.
bool Supervisor::may_run() const {
  const std::uint32_t exec = static_cast<std::uint32_t>(inside::Stage::exec);
  return seen_.executed ||
         (listener_ ? listener_->launched() : running_.progress().target_stage == exec);
}

// Why: before the program runs a signal would hit our own code, which dies of it.
void Supervisor::forward(int number) {
  if (!seen_.executed) {
    waiting_signals_.push_back(number);
  } else if (!exited_) {
    (void)running_.send(inside::ControlKind::signal, static_cast<std::uint32_t>(number));
  }
}

void Supervisor::forward_waiting() {
  for (const int number : std::exchange(waiting_signals_, {})) {
    forward(number);
  }
}

// The program has ended by itself; who is waited for is a reader of its output.
void Supervisor::cancel_after_end(int number) {
  if (late_signal_ != 0) {
    abandon_streams();
    return;
  }
  late_signal_ = number;
  hurry_readers();
}

}  // namespace sb::supervise
