#include "supervise/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include <fmt/core.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "launch/exec_error.h"
#include "launch/stages.h"
#include "result/events.h"
#include "result/outcome.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

std::string utc_now() {
  timespec now{};
  (void)::clock_gettime(CLOCK_REALTIME, &now);
  // Why not gmtime_r(3): it reads /etc/localtime.
  const std::chrono::sys_seconds second{std::chrono::seconds(now.tv_sec)};
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     now.tv_nsec / 1000);
}

}  // namespace

Supervisor::Supervisor(const policy::Spec& spec, const launch::PlanBuilder& builder,
                       launch::Running& running, const cgroup::Group* group,
                       std::uint64_t created_ns)
    : spec_(spec), builder_(builder), running_(running), group_(group), heard_(created_ns) {
  seen_.created_ns = created_ns;
  // Why: those that are online, not our own affinity: init resets it.
  cpus_ = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  if (group_ != nullptr) {
    seen_.sources = group_->sources();
  }
}

Observations Supervisor::watch(Stdio stdio, const Channels& channels) {
  Result<Done> done = prepare_launch();
  if (done) {
    done = prepare_run(stdio, channels);
  }
  return run_to_end(std::move(done));
}

Observations Supervisor::run_to_end(Result<Done> done) {
  while (done && !finished()) {
    set_timer();
    done = wait_and_step();
  }
  if (!done) {
    fail(std::move(done).error());
  }
  collect();
  return std::move(seen_);
}

bool Supervisor::park() {
  Result<Done> done = prepare_launch();
  if (!done || !listener_) {
    return false;
  }
  listener_->hold_target();
  while (done && !listener_->is_ready() && !seen_.failure && !init_ended_ && !settled_) {
    set_timer();
    done = loop_->run_once();
  }
  start_deadline_ns_ = 0;
  return done && listener_->is_ready() && !seen_.failure;
}

Observations Supervisor::resume(Stdio stdio, const Channels& channels, sys::FdRef tree,
                                std::uint64_t created_ns) {
  seen_.created_ns = created_ns;
  // Why: whoever keeps sandboxes ready answers first and takes the used one down afterwards.
  ends_late_ = true;
  start_deadline_ns_ = sys::monotonic_ns() + launch_patience_ns;
  Result<Done> done = prepare_run(stdio, channels);
  // Why asked: without its guard a run might miss a forbidden call at its end.
  if (done && !listener_->is_still_ready()) {
    done = Error(Tag::launch_died, "starting a sandbox that has waited, in which somebody died");
  }
  if (done) {
    done = hand_program(tree);
  }
  return run_to_end(std::move(done));
}

// What is not shown inside yet has to be there before the target looks for it.
Result<Done> Supervisor::hand_program(sys::FdRef tree) {
  if (tree.valid()) {
    heard_.asked(inside::ControlKind::attach, sys::monotonic_ns());
    return running_.send_program(tree);
  }
  (void)running_.send(inside::ControlKind::go);  // False where init is gone, as the loop will see.
  return listener_->let_start();
}

Result<Done> Supervisor::prepare_launch() {
  loop_.emplace(TRY(EventLoop::create()));
  timer_ = sys::Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_.valid()) {
    return Error(Tag::supervise_loop, "making a timer", errno);
  }
  CHECK(loop_->add(running_.error_pipe(), EPOLLIN, [this](std::uint32_t) { on_report(); }));
  CHECK(loop_->add(running_.control(), EPOLLIN, [this](std::uint32_t) { on_control(); }));
  CHECK(loop_->add(running_.init().ref(), EPOLLIN, [this](std::uint32_t) { on_init_end(); }));
  CHECK(loop_->add(timer_.ref(), EPOLLIN, [this](std::uint32_t) {
    on_timer();
    try_freeze();
  }));
  if (group_ != nullptr && group_->oom_event().valid()) {
    CHECK(loop_->add(group_->oom_event(), group_->oom_poll_events(),
                     [this](std::uint32_t) { on_oom_event(); }));
  }
  if (builder_.plan().listener) {
    listener_.emplace(
        spec_, builder_.plan(), builder_.filter(),
        [this](result::Violation violation, bool fatal) {
          on_violation(std::move(violation), fatal);
        },
        [this] { note_baseline(); });
  }
  start_deadline_ns_ = sys::monotonic_ns() + launch_patience_ns;
  CHECK(start_feeding());
  return Done{};
}

Result<Done> Supervisor::prepare_run(Stdio& stdio, const Channels& channels) {
  signals_ = channels.signals;
  CHECK(loop_->add(signals_, EPOLLIN, [this](std::uint32_t) { on_signals(); }));
  has_timeline_ = channels.timeline;
  CHECK(open_events(channels.events));
  return open_streams(stdio);
}

void Supervisor::on_report() {
  // Why: where init has failed it says so there, and the pipe only ends with it.
  if (!running_.has_report()) {
    on_control();
  }
  if (!launch_over_) {
    on_error_pipe();
  }
}

void Supervisor::on_error_pipe() {
  const Result<std::optional<inside::StageReport>> report = running_.read_report();
  if (report && *report && listener_ && !filter_soon_ && announces_filter(**report)) {
    filter_soon_ = true;
    take_listener();
    return;
  }
  loop_->remove(running_.error_pipe());
  launch_over_ = true;
  start_deadline_ns_ = 0;
  // Why: with a listener, the moment the target was let go; else its last step before execve.
  const Result<LaunchFacts> facts =
      read_progress(running_.progress(), listener_ ? inside::Stage::exec : inside::Stage::seccomp,
                    seen_.created_ns, sys::monotonic_ns());
  if (facts) {
    seen_.target_stage = facts->target_stage;
  }
  if (!report) {
    fail(Error(report.error()).with_stage(last_stage()));
  } else if (*report) {
    on_failed_stage(**report);
  } else if (!facts) {
    fail(facts.error());
  } else {
    on_launch_over(*facts);
  }
  hold_streams();
}

void Supervisor::on_failed_stage(const inside::StageReport& report) {
  Error error = put_error(launch::stage_error(spec_, builder_, report));
  const bool is_broken = error.tag() == Tag::launch_protocol;
  fail(is_broken ? std::move(error).with_stage(last_stage()) : std::move(error));
}

void Supervisor::on_launch_over(const LaunchFacts& facts) {
  if (facts.exec_errno != 0) {
    fail(launch::exec_error(spec_, facts.exec_errno));
  } else if (facts.target_stage == inside::Stage::exec) {
    on_started_program(facts.exec_ns);
  } else {
    on_death_before_exec();
  }
}

void Supervisor::on_death_before_exec() {
  on_signals();       // Why: who stops a whole service sends us and the target the same signal.
  if (!seen_.stop) {  // else it died of our kill
    fail(Error(Tag::launch_died, "starting the program, which died on the way")
             .with_stage(last_stage()));
  }
}

// How far the launch came.
std::string_view Supervisor::last_stage() const {
  const std::uint32_t of_target = running_.progress().target_stage;
  const bool has_target = of_target != static_cast<std::uint32_t>(inside::Stage::none);
  return launch::stage_name(
      static_cast<inside::Stage>(has_target ? of_target : running_.progress().init_stage));
}

void Supervisor::on_started_program(std::uint64_t exec_ns) {
  seen_.executed = true;
  // Why not before: a launch that fails may be tried again in another way, and what was read of the
  // caller's stdin would be missing then.
  if (input_ != nullptr) {
    if (Result<Done> started = input_->start(); !started) {
      fail(std::move(started).error());
    }
  }
  seen_.exec_ns = exec_ns;
  seen_.started_utc = utc_now();
  if (spec_.limits.wall_time_ns) {
    wall_end_ = seen_.exec_ns + *spec_.limits.wall_time_ns;
  }
  if (spec_.cgroup_limits.cpu_time_ns && group_ != nullptr) {
    next_cpu_check_ns_ = seen_.exec_ns;
  }
  sample_memory();
  tell_started();
  if (tracer_ != nullptr) {
    tracer_->let_run();
  }
  forward_waiting();
  try_freeze();
}

// Needs two things that come in either order: the target's pidfd, and its word that it is loading
// the filter.
void Supervisor::take_listener() {
  if (!listener_ || listener_->taken() || !filter_soon_ || !target_.valid()) {
    return;
  }
  const Result<Done> taken = listener_->take(target_.ref());
  if (!taken) {
    fail(taken.error());
    return;
  }
  if (listener_->taken()) {
    begin_tracing();
    const Result<Done> added =
        loop_->add(listener_->fd(), EPOLLIN, [this](std::uint32_t events) { on_listener(events); });
    if (!added) {
      fail(added.error());
    }
  }
}

void Supervisor::on_listener(std::uint32_t events) {
  if ((events & EPOLLIN) == 0) {
    loop_->remove(listener_->fd());  // hung up: nobody holds the filter any more
    return;
  }
  const Result<Done> done = listener_->on_readable();
  if (!done) {
    loop_->remove(listener_->fd());
    fail(done.error());
  }
  try_freeze();
}

void Supervisor::on_violation(result::Violation violation, bool fatal) {
  // Limit: the first ones are told, all are counted.
  constexpr std::size_t most_told = 16;
  const std::string name = violation.syscall.value_or("");
  ++seen_.violations_total;
  if (events_ != nullptr) {
    tell_or_drop(result::violation_event(event_time(), violation));
  }
  if (seen_.violations.size() < most_told) {
    seen_.violations.push_back(std::move(violation));
  }
  // Why: also after the program's own end: a descendant's call, or one cut off by that end.
  if (fatal &&
      seen_.record_stop(
          {.kind = StopKind::violation, .mechanism = "seccomp notification", .detail = name})) {
    if (!settled_) {
      kill_inside();
    }
  }
}

void Supervisor::stop(Stop reason) {
  if (exited_ || !seen_.record_stop(std::move(reason))) {
    return;
  }
  sample_memory();
  kill_inside();
}

void Supervisor::fail(Error error) {
  seen_.record_failure(std::move(error));
  kill_inside();
  hurry_init();
}

// Why: what init would still report of a failed run is worth no long wait; its own end is that of
// everything inside.
void Supervisor::hurry_init() {
  constexpr std::uint64_t patience_ns = 500'000'000;
  const std::uint64_t latest_ns = sys::monotonic_ns() + patience_ns;
  kill_deadline_ns_ = kill_deadline_ns_ == 0 ? latest_ns : std::min(kill_deadline_ns_, latest_ns);
}

void Supervisor::kill_inside() {
  stop_clock();
  // Why: init listens only once it has cloned the target; before that its own end is the end of
  // everything inside.
  if (group_ != nullptr) {
    (void)group_->kill_all();  // Why: at once where the kernel can; init's own kill follows anyhow.
  }
  if (!started_ || !running_.send(inside::ControlKind::kill)) {
    (void)running_.init().send_signal(SIGKILL);
  }
  if (kill_deadline_ns_ == 0) {
    kill_deadline_ns_ = sys::monotonic_ns() + kill_patience_ns;
  }
}

}  // namespace sb::supervise
