// The supervisor's deadlines: when to look, and what to do when a time has come.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fmt/core.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// Why: CPU time is accounted by ticks of 1 to 10 ms; looking more often sees nothing new.
constexpr std::uint64_t least_cpu_check_ns = 1'000'000;
// Kernel: the event of memory.oom_control comes before the kill that it announces.
constexpr std::uint64_t oom_check_ns = 1'000'000;
constexpr unsigned most_oom_checks = 200;
// Why: a tenth of a percent of one CPU on kernels without memory.peak; what is given back within
// less is not seen, and peak_source says that the figure is sampled.
constexpr std::uint64_t memory_sample_ns = 5'000'000;

}  // namespace

void Supervisor::set_timer() {
  std::uint64_t next_ns = 0;
  for (const std::uint64_t deadline_ns :
       {next_cpu_check_ns_, next_oom_check_ns_, next_memory_sample_ns_, start_deadline_ns_,
        kill_deadline_ns_, sink_deadline_ns_, freeze_deadline_ns_,
        wall_end_ != 0 ? clock_.when(wall_end_) : 0,
        grace_end_ != 0 ? clock_.when(grace_end_) : 0}) {
    if (deadline_ns != 0 && (next_ns == 0 || deadline_ns < next_ns)) {
      next_ns = deadline_ns;
    }
  }
  if (next_ns == armed_ns_) {
    return;
  }
  armed_ns_ = next_ns;
  itimerspec when{};  // Kernel: all zero disarms; a time that has passed fires at once.
  when.it_value.tv_sec = static_cast<time_t>(next_ns / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<long>(next_ns % 1'000'000'000);
  (void)::timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Supervisor::on_timer() {
  std::uint64_t expirations = 0;
  (void)!::read(timer_.number(), &expirations, sizeof expirations);
  armed_ns_ = 0;
  // Why: an end that has already been reported comes before a deadline noticed in the same wake-up
  // (pitfall 30).
  on_control();
  const std::uint64_t now_ns = sys::monotonic_ns();
  const auto reached = [](std::uint64_t now, std::uint64_t& end) {
    return end != 0 && now >= end && (end = 0, true);
  };
  const auto due = [&](std::uint64_t& deadline_ns) { return reached(now_ns, deadline_ns); };
  const auto over = [&](std::uint64_t& reading) { return reached(clock_.at(now_ns), reading); };
  if (due(start_deadline_ns_)) {
    fail(Error(Tag::launch_died, "starting the sandbox, which takes too long", ETIMEDOUT));
  }
  if (over(wall_end_)) {
    stop({.kind = StopKind::wall_time,
          .limit = *spec_.limits.wall_time_ns,
          .observed = clock_.at(now_ns) - seen_.exec_ns,
          .mechanism = "timer"});
  }
  if (due(next_cpu_check_ns_)) {
    check_cpu_time(now_ns);
  }
  if (due(next_oom_check_ns_)) {
    check_memory(now_ns);
  }
  if (due(next_memory_sample_ns_)) {
    sample_memory();
  }
  if (over(grace_end_)) {
    kill_inside();
  }
  if (due(sink_deadline_ns_)) {
    abandon_streams();
  }
  if (due(kill_deadline_ns_) && (!settled_ || init_must_have_lived_)) {
    (void)running_.init().send_signal(SIGKILL);
  }
}

void Supervisor::check_cpu_time(std::uint64_t now_ns) {
  std::optional<std::uint64_t> used_ns = group_->cpu_ns();
  const std::uint64_t limit_ns = *spec_.limits.cpu_time_ns;
  if (!used_ns) {
    fail(Error(Tag::cgroup_read, "reading the CPU time of the group"));
    return;
  }
  *used_ns -= std::min(*used_ns, baseline_.cpu_ns.value_or(0));
  if (*used_ns >= limit_ns) {
    stop({.kind = StopKind::cpu_time,
          .limit = limit_ns,
          .observed = *used_ns,
          .mechanism = seen_.sources.cpu_mechanism});
    return;
  }
  // Why: the limit can't be reached before all CPUs together have used up what is left.
  next_cpu_check_ns_ = now_ns + std::max((limit_ns - *used_ns) / cpus_, least_cpu_check_ns);
}

void Supervisor::sample_memory() {
  const std::optional<std::uint64_t> now_bytes =
      group_ != nullptr ? group_->memory_sample() : std::nullopt;
  if (!now_bytes) {
    return;
  }
  sampled_peak_bytes_ = std::max(sampled_peak_bytes_, *now_bytes);
  next_memory_sample_ns_ = exited_ ? 0 : sys::monotonic_ns() + memory_sample_ns;
}

void Supervisor::on_oom_event() {
  group_->acknowledge_oom();
  oom_checks_ = 0;
  check_memory(sys::monotonic_ns());
}

void Supervisor::check_memory(std::uint64_t now_ns) {
  next_oom_check_ns_ = 0;
  if (exited_) {
    return;  // the counters are read at the end
  }
  if (group_->oom_kills().value_or(0) > 0) {
    stop({.kind = StopKind::memory});  // decide() says how much: the counters are read at the end
  } else if (oom_checks_ < most_oom_checks) {
    ++oom_checks_;
    next_oom_check_ns_ = now_ns + oom_check_ns;
  }
}

}  // namespace sb::supervise
