// The supervisor's part in what init says, and in its end.
#include <csignal>
#include <optional>
#include <utility>

#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

Error init_was_killed() {
  return {Tag::launch_died, "watching the sandbox, whose init was killed"};
}

}  // namespace

void Supervisor::on_control() {
  take_messages();
  // Why not before: often `settled` has come, too, and there is nobody left.
  if (std::exchange(rest_may_live_, false) && !settled_ && !listener_->kill_by_guard()) {
    (void)running_.send(inside::ControlKind::kill);
  }
}

void Supervisor::take_messages() {
  while (!control_over_) {
    Result<std::optional<launch::Received>> received = running_.receive();
    if (!received) {
      // Why: before it settled, init's end is a failure; on_init_end says which.
      end_control();
      if (received.error().tag() != Tag::launch_died) {
        give_up_init(received.error());
      }
      if (!settled_) {
        hurry_init();  // Why: it can't say any more that it has settled.
      }
      return;
    }
    if (!*received) {
      return;
    }
    const Result<Done> accepted =
        heard_.accept((*received)->message, (*received)->pidfd.valid(), sys::monotonic_ns());
    if (!accepted) {
      end_control();
      give_up_init(accepted.error());
      return;
    }
    on_message(std::move(**received));
  }
}

void Supervisor::end_control() {
  control_over_ = true;
  loop_->remove(running_.control());
}

// Why at once: an init that says what it never says would not do as it is told, either.
void Supervisor::give_up_init(Error error) {
  fail(launch_over_ ? std::move(error) : std::move(error).with_stage(last_stage()));
  (void)running_.init().send_signal(SIGKILL);
}

void Supervisor::on_message(launch::Received received) {
  switch (received.message.kind) {
    case inside::ControlKind::started:
      started_ = true;
      target_ = sys::Pidfd(std::move(received.pidfd));
      root_ = std::move(received.root);
      scratch_ = std::move(received.scratch);
      empty_disk_.used_bytes = received.message.values[0];
      empty_disk_.inodes = received.message.values[1];
      take_listener();
      if (seen_.failure || (seen_.stop && seen_.stop->kind != StopKind::cancelled)) {
        kill_inside();
      }
      return;
    case inside::ControlKind::failed:
      return on_failed_stage(report_in(received.message));
    case inside::ControlKind::exited:
      return on_exited(received.message);
    case inside::ControlKind::settled:
      return on_settled(received.message);
    case inside::ControlKind::ended:
      on_exited(exited_in(received.message));
      return on_settled(settled_in(received.message));
    case inside::ControlKind::frozen:
      return on_frozen(received.message.values[0]);
    case inside::ControlKind::thawed:
      return on_thawed(received.message.values[0]);
    case inside::ControlKind::attached:
      return on_attached();
    case inside::ControlKind::go:
    case inside::ControlKind::signal:
    case inside::ControlKind::kill:
    case inside::ControlKind::bye:
    case inside::ControlKind::freeze:
    case inside::ControlKind::thaw:
    case inside::ControlKind::group:
    case inside::ControlKind::attach:
      return;  // never accepted
  }
}

// The program is shown inside now, on a place of its own in the file system in memory.
void Supervisor::on_attached() {
  const Result<Done> looked = look_at_empty_disk();
  const Result<Done> started = looked ? listener_->let_start() : looked;
  if (!started) {
    fail(started.error());
  }
}

void Supervisor::on_exited(const inside::ControlMsg& message) {
  if (!launch_over_) {
    on_error_pipe();  // Why: it has ended with the target, at the latest.
  }
  exited_ = true;
  stop_clock();
  sample_memory();
  seen_.main_status = sys::WaitStatus(static_cast<int>(message.arg));
  seen_.ended_ns = clock_.at(message.values[0]);
  wall_end_ = 0;
  next_cpu_check_ns_ = 0;
  tell_exited();
  if (input_ != nullptr) {
    input_->stop();
  }
  // Why: where there is a guard it kills the rest, and outlives it; else init has done so already.
  rest_may_live_ = listener_ && !seen_.stop && !seen_.failure;
  // Why: should the rest not come to an end, so do we.
  kill_deadline_ns_ = sys::monotonic_ns() + kill_patience_ns;
}

void Supervisor::on_settled(const inside::ControlMsg& message) {
  settled_ = true;
  kill_deadline_ns_ = 0;
  if (seen_.stop || seen_.failure) {
    hurry_readers();
  }
  const bool has_guard = listener_ && listener_->taken() && message.arg == 1;
  if (has_guard) {
    listener_->ask_guard();
  }
  read_usage();  // Why now: the guard calls meanwhile.
  if (has_guard) {
    // Why: a stop that was told before has killed the guard, too.
    const bool was_stopped = seen_.stop.has_value();
    if (const Result<Done> drained = listener_->drain(); !drained) {
      fail(drained.error());
    }
    // Why: with init the guard dies in its waiting call, which is no call of the program's.
    if (!was_stopped && saw_unread_call() && !listener_->guard_lives()) {
      fail(init_was_killed());
    }
    loop_->remove(listener_->fd());
  }
  const std::uint64_t rss_kib = message.values[2];
  // Kernel: ru_maxrss starts at that of the process that cloned; no larger value means that the
  // program never grew beyond it (decisions 22).
  if (rss_kib > message.values[3]) {
    seen_.max_rss_bytes = rss_kib * 1024;
  }
  if (group_ == nullptr) {
    // Why: what init has waited for; children that their parents never waited for are missing.
    seen_.usage.user_ns = message.values[0];
    seen_.usage.system_ns = message.values[1];
    seen_.usage.cpu_ns = message.values[0] + message.values[1];
  }
  look_at_files();
  // Why now: taking init's mounts and namespaces down takes the kernel a while, in which the rest
  // is read. Its end is no event any more, but where files were read.
  if (init_must_have_lived_) {
    kill_deadline_ns_ = sys::monotonic_ns() + kill_patience_ns;
  } else {
    loop_->remove(running_.init().ref());
    if (ends_late_) {
      return;
    }
  }
  if (!running_.send(inside::ControlKind::bye)) {
    (void)running_.init().send_signal(SIGKILL);
  }
}

void Supervisor::on_init_end() {
  loop_->remove(running_.init().ref());
  on_control();  // Why: its last words may still be in the socket.
  init_ended_ = true;
  check_that_init_lived();
  if (!settled_) {
    hurry_readers();
  }
  if (!launch_over_) {
    on_error_pipe();
  }
  // Why also then: init's death is everybody's, and the guard's own call, on its way to us, is then
  // cut off as one that nobody could read.
  if (!settled_ && (!seen_.stop || saw_unread_call())) {
    fail(init_was_killed());
  }
}

bool Supervisor::saw_unread_call() const {
  return seen_.stop && seen_.stop->kind == StopKind::violation && seen_.stop->detail.empty();
}

}  // namespace sb::supervise
