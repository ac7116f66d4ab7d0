#include "cli/run_command.h"

#include "cli/environment.h"
#include "cli/events_output.h"
#include "cli/print.h"
#include "cli/request_input.h"
#include "cli/systemd_scope.h"
#include "filters/builtin_filters.h"
#include "supervise/prepare.h"
#include "supervise/steps.h"
#include "sys/process.h"

namespace sb::cli {
namespace {

// A usage error is one; every other failure is a result, too.
Result<result::Outcome> run_prepared(const RunOptions& options,
                                     const std::vector<policy::StepRequest>& requests,
                                     supervise::Prepared prepared,
                                     const supervise::Channels& channels,
                                     std::uint64_t created_ns) {
  if (!prepared.refused) {
    return supervise::run_steps(std::move(prepared.steps), prepared.facts, channels, created_ns);
  }
  const Error& refused = *prepared.refused;
  if (prepared.facts.uid != 0 && requests.front().request.cgroup_parent.empty() &&
      (refused.tag() == Tag::host_no_cgroup || refused.tag() == Tag::cgroup_busy)) {
    // Why: what was read from stdin is to be read again.
    if (options.stdin_bytes != nullptr) {
      CHECK(put_back_on_stdin(*options.stdin_bytes));
    } else if (options.stdin_program != nullptr) {
      CHECK(put_back_on_stdin(options.stdin_program->view()));
    }
    enter_systemd_scope(options.words);
  }
  return supervise::is_usage(refused) ? Result<result::Outcome>(refused)
                                      : outcome_of_refusal(prepared);
}

// Where events go, opened. Why not before: what the program may write to is known only now.
Result<EventsPlace> settle_outputs(const RunOptions& options, const sys::Doubtful& doubtful,
                                   ResultPlace& place) {
  if (!doubtful.empty()) {
    place = TRY(find_result_place(options, doubtful));
  }
  return open_events(options, doubtful);
}

// --pass: one line says why a target was stopped, or why nothing ran (contract §4).
void explain(const RunOptions& options, const result::Outcome& outcome) {
  if (!options.pass) {
    return;
  }
  if (outcome.error) {
    print_error(*outcome.error);
  } else if (outcome.status != result::Status::ok && outcome.status != result::Status::exited) {
    print_line(outcome.reason);
  }
}

}  // namespace

int run_command(const RunOptions& options, ResultPlace place) {
  const std::uint64_t created_ns = sys::monotonic_ns();
  const Result<sys::Fd> signals = sys::take_signals();
  if (!signals) {
    print_error(signals.error());
    return signals.error().exit_code();
  }
  sys::use_all_descriptors();
  std::vector<policy::StepRequest> requests = options.steps;
  for (policy::StepRequest& step : requests) {
    step.request.prepared = filters::builtin_profile(step.request.profile);
    step.request.caller_environment = callers_environment();
  }
  supervise::Prepared prepared = supervise::prepare(requests);
  const Result<EventsPlace> events = settle_outputs(options, prepared.doubtful, place);
  if (!events) {
    print_error(events.error());
    return events.error().exit_code();
  }
  for (supervise::Step& step : prepared.steps) {
    if (!events->warning.empty()) {
      step.spec.warnings.push_back(events->warning);
    }
  }
  const Result<result::Outcome> outcome = run_prepared(
      options, requests, std::move(prepared),
      {signals->ref(), events->fd.ref(), options.format == Format::playground}, created_ns);
  if (!outcome) {
    print_error(outcome.error());
    return outcome.error().exit_code();
  }
  explain(options, *outcome);
  tell_result(events->fd.ref(), signals->ref(), *outcome);
  const Result<Done> written = write_result(options, place, *outcome, signals->ref());
  if (!written) {
    print_error(written.error());
    return written.error().exit_code();
  }
  return options.exit_zero ? 0 : result::exit_status(*outcome);
}

}  // namespace sb::cli
