// The supervisor's part in the caller's `--events`.
#include "result/events.h"

#include <fmt/core.h>

#include "base/units.h"
#include "supervise/supervisor.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::supervise {
Result<Done> Supervisor::open_events(sys::FdRef events) {
  if (events.valid()) {
    events_ = std::make_unique<EventStream>(*loop_, events, [this] { hold_streams(); });
    output_events_.emplace(spec_.clock.is_virtual());
    CHECK(events_->start());
  }
  return Done{};
}

// What output is held for its instant comes before what happened since.
void Supervisor::tell(std::string_view line) {
  tell_held_output();
  events_->add(line);
}

void Supervisor::tell_or_drop(std::string_view line) {
  tell_held_output();
  events_->add_or_drop(line);
}

void Supervisor::tell_held_output() {
  if (events_ != nullptr) {
    output_events_->flush([this](std::string_view line) { events_->add(line); });
  }
}

// Why: a reader of events that is slow makes the program wait, as a reader of its output would; it
// never makes us wait, nor lose what the program wrote.
// Why until the launch is over: that is known once init has closed its end of the error pipe, too,
// and where it is slow the program has written before; `started` comes first.
void Supervisor::hold_streams() {
  if (events_ == nullptr) {
    return;
  }
  for (const auto& stream : {std::cref(out_), std::cref(err_)}) {
    if (stream.get() != nullptr) {
      stream.get()->hold(!launch_over_ || events_->is_full());
    }
  }
}

void Supervisor::add_events(Capture::Hooks& hooks, const char* name) {
  const bool is_error = std::string_view(name) == "stderr";
  if (events_ != nullptr || has_timeline_) {
    hooks.on_bytes = [this, is_error](std::string_view bytes) {
      tell_output(is_error, event_time(), bytes);
    };
  }
  if (events_ != nullptr) {
    hooks.on_end = [this, is_error] { tell_end(is_error); };
  }
}

void Supervisor::tell_end(bool is_error) {
  output_events_->end(is_error, event_time(),
                      [this](std::string_view line) { events_->add(line); });
  const Capture* const other = (is_error ? out_ : err_).get();
  if (other == nullptr || other->is_at_end()) {
    tell_held_output();
  }
}

void Supervisor::tell_output(bool is_error, std::uint64_t time_ns, std::string_view bytes) {
  if (has_timeline_) {
    seen_.timeline.add(is_error, time_ns, bytes.size());
  }
  if (events_ == nullptr) {
    return;
  }
  output_events_->add(is_error, time_ns, bytes,
                      [this](std::string_view line) { events_->add(line); });
  if (events_->is_full()) {
    hold_streams();
  }
}

// Wall time of the program as its limit counts it.
std::uint64_t Supervisor::event_time() const {
  if (tracer_ != nullptr) {
    return tracer_->clock().elapsed();
  }
  const std::uint64_t now = clock_.at(sys::monotonic_ns());
  return seen_.executed && now > seen_.exec_ns ? now - seen_.exec_ns : 0;
}

void Supervisor::tell_started() {
  if (events_ != nullptr) {
    tell(result::started_event(seen_.started_utc, seen_.exec_ns - seen_.created_ns, target_.pid(),
                               spec_.step));
  }
}

void Supervisor::tell_exited() {
  if (events_ != nullptr) {
    (void)drain_streams();  // Why: what the program wrote comes before its end, where it has room.
    const bool ran = seen_.executed && seen_.ended_ns > seen_.exec_ns;
    const std::uint64_t real_ns = ran ? seen_.ended_ns - seen_.exec_ns : 0;
    const std::uint64_t time_ns = tracer_ != nullptr ? event_time() : real_ns;
    tell(result::exited_event(time_ns, seen_.main_status->exit_code(),
                              seen_.main_status->fatal_signal()));
  }
}

void Supervisor::tell_freeze(const char* what) {
  if (events_ != nullptr) {
    tell_or_drop(result::freeze_event(event_time(), what));
  }
}

}  // namespace sb::supervise
