#include "supervise/decide.h"

#include <algorithm>
#include <csignal>

#include <fmt/core.h>

#include "base/units.h"

namespace sb::supervise {
namespace {

using result::Cause;
using result::Outcome;
using result::Status;

Status status_of(StopKind kind) {
  switch (kind) {
    case StopKind::wall_time:
      return Status::wall_time_limit;
    case StopKind::virtual_time:
      return Status::virtual_time_limit;
    case StopKind::cpu_time:
      return Status::cpu_time_limit;
    case StopKind::memory:
      return Status::memory_limit;
    case StopKind::output:
      return Status::output_limit;
    case StopKind::violation:
      return Status::syscall_violation;
    case StopKind::deadlock:
      return Status::deadlock;
    case StopKind::cancelled:
      return Status::cancelled;
  }
  return Status::error;
}

std::string sentence(const Stop& stop) {
  switch (stop.kind) {
    case StopKind::wall_time:
      return fmt::format("ran for {}; the limit is {}", format_seconds(stop.observed),
                         format_duration(stop.limit));
    case StopKind::virtual_time:
      return fmt::format("ran for {} of virtual time; the limit is {}",
                         format_seconds(stop.observed), format_duration(stop.limit));
    case StopKind::cpu_time:
      return fmt::format("used {} of CPU time; the limit is {}", format_seconds(stop.observed),
                         format_duration(stop.limit));
    case StopKind::memory:
      return stop.limit == 0
                 ? "ran out of memory"
                 : fmt::format("ran out of memory; the limit is {}", format_size(stop.limit));
    case StopKind::output:
      return fmt::format("wrote more than {} to {}", format_size(stop.limit), stop.detail);
    case StopKind::violation:
      return stop.detail.empty() ? "made a forbidden system call"
                                 : fmt::format("made the forbidden system call {}", stop.detail);
    case StopKind::deadlock:
      return "every process waits, and nothing will ever wake one of them";
    case StopKind::cancelled:
      return fmt::format("cancelled by {}", stop.detail);
  }
  return {};
}

void apply_stop(const Stop& stop, Outcome& outcome) {
  outcome.status = status_of(stop.kind);
  outcome.reason = sentence(stop);
  static constexpr const char* names[] = {"wall_time", "virtual_time", "cpu_time", "memory",
                                          "output"};
  if (static_cast<std::size_t>(stop.kind) < std::size(names)) {
    outcome.cause = Cause{.limit = names[static_cast<std::size_t>(stop.kind)],
                          .value = stop.limit,
                          .observed = stop.observed,
                          .mechanism = stop.mechanism};
  }
}

constexpr const char* others_memory =
    "the run did not reach its own memory limit: the host's memory ran out, or that of a control "
    "group above";

bool ran_out_of_memory(const Observations& seen) { return seen.usage.oom_kills.value_or(0) > 0; }

// Not by its own limit: the host's memory ran out, or that of a group above, as the caller's.
bool ran_out_of_others_memory(const Observations& seen) {
  return ran_out_of_memory(seen) && seen.usage.met_memory_limit == false;
}

Stop memory_stop(const policy::Spec& spec, const Observations& seen) {
  const std::uint64_t peak = seen.usage.memory_peak_bytes.value_or(0);
  const std::uint64_t limit = spec.limits.memory_bytes.value_or(0);
  return {.kind = StopKind::memory,
          .limit = limit,
          // Kernel: what was refused is not in the peak.
          .observed = ran_out_of_others_memory(seen) ? peak : std::max(peak, limit),
          .mechanism = seen.sources.memory + " out-of-memory killer"};
}

std::uint64_t wall_ns_of(const Observations& seen) {
  return seen.executed && seen.ended_ns > seen.exec_ns ? seen.ended_ns - seen.exec_ns : 0;
}

// A limit that was passed between two looks at the clock. Never below the limit.
std::optional<Stop> passed_at_the_end(const policy::Spec& spec, const Observations& seen) {
  const policy::Limits& limits = spec.limits;
  const std::uint64_t wall_ns = wall_ns_of(seen);
  if (limits.wall_time_ns && wall_ns > *limits.wall_time_ns) {
    return Stop{.kind = StopKind::wall_time,
                .limit = *limits.wall_time_ns,
                .observed = wall_ns,
                .mechanism = "clock at exit"};
  }
  if (limits.cpu_time_ns && seen.usage.cpu_ns.value_or(0) > *limits.cpu_time_ns) {
    return Stop{.kind = StopKind::cpu_time,
                .limit = *limits.cpu_time_ns,
                .observed = *seen.usage.cpu_ns,
                .mechanism = seen.sources.cpu_mechanism + " at exit"};
  }
  if (limits.output_bytes && limits.on_output_limit == policy::OnOutputLimit::stop) {
    for (const StreamFacts* stream : {&seen.out, &seen.err}) {
      if (stream->over_limit) {
        return Stop{.kind = StopKind::output,
                    .limit = *limits.output_bytes,
                    .observed = stream->bytes,
                    .mechanism = "pipe",
                    .detail = stream == &seen.out ? "stdout" : "stderr"};
      }
    }
  }
  return std::nullopt;
}

void judge_end(const policy::Spec& spec, const Observations& seen, int signal, Outcome& outcome) {
  if (signal == SIGXFSZ && spec.limits.file_size_bytes) {
    outcome.status = Status::file_size_limit;
    outcome.reason =
        fmt::format("wrote a file larger than {}", format_size(*spec.limits.file_size_bytes));
    outcome.cause = Cause{.limit = "file_size",
                          .value = *spec.limits.file_size_bytes,
                          .observed = *spec.limits.file_size_bytes,
                          .mechanism = "signal"};
    return;
  }
  if (signal == SIGSYS && !spec.name_violations) {
    apply_stop({.kind = StopKind::violation, .mechanism = "signal"}, outcome);
    return;
  }
  if (signal == SIGXCPU && spec.rlimits.cpu_seconds) {
    apply_stop({.kind = StopKind::cpu_time,
                .limit = spec.limits.cpu_time_ns.value_or(0),
                .observed = seen.usage.cpu_ns.value_or(0),
                .mechanism = "rlimit"},
               outcome);
    return;
  }
  outcome.status = Status::signaled;
  outcome.reason = fmt::format("died of {}", result::signal_name(signal));
}

void apply_error(Error error, Outcome& outcome) {
  outcome.status = Status::error;
  outcome.reason = error.message();
  outcome.error = std::move(error);
}

void judge_main_process(const policy::Spec& spec, const Observations& seen, Outcome& outcome) {
  if (!seen.main_status) {
    apply_error({Tag::launch_died, "waiting for the program, whose end was not seen"}, outcome);
    return;
  }
  if (const std::optional<int> signal = seen.main_status->fatal_signal()) {
    judge_end(spec, seen, *signal, outcome);
    return;
  }
  if (!seen.main_status->exit_code()) {
    apply_error({Tag::launch_protocol, "reading how the program ended"}, outcome);
    return;
  }
  const int code = *seen.main_status->exit_code();
  outcome.status = code == 0 ? Status::ok : Status::exited;
  outcome.reason = code == 0 ? "" : fmt::format("exited with {}", code);
}

// Why: what fails in a launch that is being killed fails because of that; and nothing is said about
// the program, which has not run.
bool cancelled_before_exec(const Observations& seen) {
  return seen.stop && seen.stop->kind == StopKind::cancelled && !seen.executed;
}

void judge(const policy::Spec& spec, const Observations& seen, Outcome& outcome) {
  if (cancelled_before_exec(seen)) {
    apply_stop(*seen.stop, outcome);
    return;
  }
  if (ran_out_of_others_memory(seen) && !seen.executed) {
    apply_error(
        Error(Tag::launch_died, "starting the program, which the out-of-memory killer ended")
            .with_hint(others_memory),
        outcome);
    return;
  }
  if (seen.failure && !(ran_out_of_memory(seen) && !seen.executed)) {
    apply_error(*seen.failure, outcome);
    return;
  }
  if (seen.stop && seen.stop->kind != StopKind::memory) {
    apply_stop(*seen.stop, outcome);
    return;
  }
  if (seen.stop || ran_out_of_memory(seen)) {
    apply_stop(memory_stop(spec, seen), outcome);
    return;
  }
  if (!seen.executed) {
    apply_error({Tag::launch_died, "starting the program, which never came to run"}, outcome);
    return;
  }
  if (const std::optional<Stop> stop = passed_at_the_end(spec, seen)) {
    apply_stop(*stop, outcome);
    return;
  }
  judge_main_process(spec, seen, outcome);
}

result::Stream to_stream(StreamFacts&& facts) {
  const bool truncated = facts.over_limit;
  return {.captured = facts.captured,
          .data = std::move(facts.data),
          .bytes = facts.bytes,
          .truncated = truncated};
}

void fill_usage(const policy::Spec& spec, const Observations& seen, Outcome& outcome) {
  outcome.time = {.started = seen.started_utc,
                  .wall_ns = wall_ns_of(seen),
                  .cpu_ns = seen.usage.cpu_ns,
                  .user_ns = seen.usage.user_ns,
                  .system_ns = seen.usage.system_ns,
                  .setup_ns = seen.exec_ns > seen.created_ns ? seen.exec_ns - seen.created_ns : 0};
  outcome.memory = {.peak_bytes = seen.usage.memory_peak_bytes,
                    .peak_source = seen.usage.memory_peak_bytes ? seen.sources.peak : "",
                    .max_rss_bytes = seen.max_rss_bytes,
                    .limit_bytes = spec.limits.memory_bytes,
                    .oom_kills = seen.usage.oom_kills};
  outcome.disk = seen.disk;
  outcome.disk.limit_bytes = spec.limits.disk_bytes;
  outcome.processes = {.peak = seen.usage.processes_peak,
                       .limit = spec.limits.processes,
                       .limit_hits = seen.usage.processes_refused};
}

}  // namespace

result::Outcome decide(const policy::Spec& spec, Observations&& seen) {
  Outcome outcome;
  judge(spec, seen, outcome);
  // Why: of a failed sandbox nothing may be concluded about the program.
  if (outcome.status != Status::error && seen.main_status && seen.executed) {
    outcome.exit_code = seen.main_status->exit_code();
    outcome.signal = seen.main_status->fatal_signal();
  }
  fill_usage(spec, seen, outcome);
  outcome.clock = std::move(seen.clock);
  outcome.violations_total = seen.violations_total;
  outcome.violations = std::move(seen.violations);
  if (outcome.status == Status::syscall_violation && outcome.violations.empty()) {
    // Without a listener all that is known is that there was one.
    outcome.violations_total = 1;
    outcome.violations.push_back(
        {.arch = "x86_64", .action = "killed", .why = "no listener could name the call"});
  }
  outcome.out = to_stream(std::move(seen.out));
  outcome.err = to_stream(std::move(seen.err));
  outcome.timeline = seen.timeline.take();
  outcome.files = std::move(seen.files);
  outcome.warnings = spec.warnings;
  if (ran_out_of_others_memory(seen)) {
    outcome.warnings.emplace_back(others_memory);
  }
  outcome.warnings.insert(outcome.warnings.end(), seen.warnings.begin(), seen.warnings.end());
  return outcome;
}

}  // namespace sb::supervise
