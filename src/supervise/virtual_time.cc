// The supervisor's part in a virtual clock (intercept/tracer.h).
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "fs/mount_plan.h"
#include "policy/value_parsers.h"
#include "supervise/supervisor.h"
#include "sys/beneath.h"

namespace sb::supervise {
namespace {

// Kernel: a dying process can't be traced any more, and only after that its pidfd polls readable.
bool has_died(sys::FdRef pidfd) {
  constexpr int patience_ms = 1000;
  pollfd polled{.fd = pidfd.number(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, patience_ms) > 0;
}

}  // namespace

// The target has loaded its filters, and waits until its listener is taken.
void Supervisor::begin_tracing() {
  if (!spec_.clock.is_virtual()) {
    return;
  }
  const std::optional<std::int64_t> target = target_.pid();
  const std::optional<std::int64_t> init = running_.init().pid();
  Result<sys::Fd> wakeup = intercept::Tracer::open_wakeup();
  if (!wakeup) {
    return fail(std::move(wakeup).error());
  }
  tracer_ = std::make_unique<intercept::Tracer>(
      intercept::Settings{.start_ns = spec_.clock.start_ns,
                          .limit_ns = spec_.limits.virtual_time_ns,
                          .outside_wakes = spec_.network == policy::NetworkMode::host,
                          .endless = intercept::choose_endless_call(builder_.filter())},
      intercept::Hooks{
          .drain = [this] { return drain_streams(); },
          .awaits_input = [this] { return awaits_input(); },
          .on_deadlock = [this] { stop({.kind = StopKind::deadlock, .mechanism = "clock"}); },
          .on_limit =
              [this] {
                stop({.kind = StopKind::virtual_time,
                      .limit = *spec_.limits.virtual_time_ns,
                      .observed = tracer_->clock().elapsed(),
                      .mechanism = "virtual clock"});
              },
          .on_moved = [this] { show_uptime(); },
          .on_error = [this](Error error) { fail(std::move(error)); }});
  Result<Done> begun = tracer_->begin(static_cast<pid_t>(target.value_or(0)),
                                      static_cast<pid_t>(init.value_or(0)), *std::move(wakeup));
  if (!begun && has_died(target_.ref())) {
    return;  // Why: the end of the error pipe says where.
  }
  if (begun) {
    begun = open_uptime();
  }
  if (begun) {
    // Why an empty callback: step() follows every wake-up.
    begun = loop_->add(tracer_->wakeup(), EPOLLIN, [](std::uint32_t) {});
  }
  if (!begun) {
    fail(std::move(begun).error());
  }
}

Result<Done> Supervisor::open_uptime() {
  sys::OpenResult file = sys::open_beneath(scratch_.ref(), fs::uptime_file, O_WRONLY);
  if (file.err != 0) {
    return Error(Tag::clock_trace, "opening what /proc/uptime shows", file.err);
  }
  uptime_ = std::move(file.fd);
  return show_uptime() ? Result<Done>(Done{})
                       : Error(Tag::clock_trace, "writing what /proc/uptime shows", errno);
}

// As the kernel writes it; computing takes no virtual time, so all of it was spent idle.
// Why no error later: it only ever grows in the page that it has, by a byte now and then.
bool Supervisor::show_uptime() {
  constexpr std::uint64_t hundredth_ns = intercept::second_ns / 100;
  const std::uint64_t hundredths = tracer_->clock().monotonic() / hundredth_ns;
  if (hundredths == shown_uptime_ || !uptime_.valid()) {
    return uptime_.valid();
  }
  shown_uptime_ = hundredths;
  const std::string time = fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
  const std::string line = fmt::format("{} {}\n", time, time);
  return ::pwrite(uptime_.number(), line.data(), line.size(), 0) ==
         static_cast<ssize_t>(line.size());
}

Result<Done> Supervisor::wait_and_step() {
  if (tracer_ == nullptr) {
    return loop_->run_once();
  }
  CHECK(loop_->run_once(tracer_->patience_ns()));
  tracer_->step(freeze_ != Freeze::thawed);
  if (events_ != nullptr && output_events_->held_ns().value_or(event_time()) != event_time()) {
    tell_held_output();
  }
  return Done{};
}

// Why told: who is to answer has to see what was asked.
bool Supervisor::awaits_input() {
  const bool awaited = input_ != nullptr && input_->is_awaited();
  if (awaited || spec_.network == policy::NetworkMode::host) {
    tell_held_output();
  }
  return awaited;
}

// All that the program has written so far belongs to the time that the clock shows now.
intercept::Drained Supervisor::drain_streams() {
  const auto written = [this] {
    return (out_ != nullptr ? out_->bytes() : 0) + (err_ != nullptr ? err_->bytes() : 0);
  };
  const std::uint64_t before = written();
  const bool out = out_ == nullptr || out_->drain();
  const bool err = err_ == nullptr || err_->drain();
  if (!out || !err) {
    return intercept::Drained::not_yet;
  }
  return written() != before ? intercept::Drained::some : intercept::Drained::nothing;
}

void Supervisor::stop_clock() {
  if (tracer_ != nullptr) {
    tracer_->end();
  }
}

void Supervisor::collect_clock() {
  if (tracer_ == nullptr) {
    return;
  }
  const intercept::ClockCounts& counts = tracer_->counts();
  // Why: what comes through a pipe of the caller's comes when it comes.
  const bool waits = spec_.clock.input == policy::VirtualStdin::wait &&
                     spec_.stdio.input == policy::InputKind::caller;
  seen_.clock = result::ClockFacts{.start = policy::format_time(spec_.clock.start_ns),
                                   .elapsed_ns = tracer_->clock().elapsed(),
                                   .jumps = counts.jumps,
                                   .timers_fired = counts.timers_fired,
                                   .spin_ticks = counts.spin_ticks,
                                   .stalls = counts.stalls,
                                   .deterministic = tracer_->is_deterministic() && !waits};
}

}  // namespace sb::supervise
