#include "cli/run_command.h"

#include "cli/environment.h"
#include "cli/events_output.h"
#include "cli/print.h"
#include "cli/request_input.h"
#include "cli/systemd_scope.h"
#include "filters/builtin_filters.h"
#include "policy/resolve.h"
#include "supervise/run.h"
#include "sys/process.h"

namespace sb::cli {
namespace {

// Usage errors end the command before there is a run to have a result of (contract §4: exit 2).
bool is_usage(const Error& error) { return error.exit_code() == info(Tag::usage).exit_code; }

// Every other failure is a result, too.
result::Outcome outcome_of(Error error, const RunOptions& options, const std::string& kernel) {
  result::Outcome outcome = supervise::outcome_of_error(std::move(error));
  outcome.sandbox = {.version = SANDBOX_VERSION,
                     .profile = options.request.profile,
                     .profile_sha256 = "",
                     .kernel = kernel};
  return outcome;
}

Result<result::Outcome> run_request(const RunOptions& options, const policy::Request& request,
                                    const supervise::Channels& channels, std::uint64_t created_ns) {
  const Result<policy::HostFacts> facts = policy::probe_host(request.cgroup_parent);
  if (!facts) {
    return is_usage(facts.error()) ? Result<result::Outcome>(facts.error())
                                   : outcome_of(facts.error(), options, "");
  }
  const Result<policy::Spec> spec = policy::resolve(request, *facts);
  if (const Result<Done> looked = policy::check_looks(); !looked) {
    return outcome_of(looked.error(), options, facts->kernel);
  }
  if (!spec && facts->uid != 0 && request.cgroup_parent.empty() &&
      (spec.error().tag() == Tag::host_no_cgroup || spec.error().tag() == Tag::cgroup_busy)) {
    // Why: what was read from stdin is to be read again.
    if (options.stdin_bytes != nullptr) {
      CHECK(put_back_on_stdin(*options.stdin_bytes));
    }
    enter_systemd_scope(options.words);
  }
  if (!spec && is_usage(spec.error())) {
    return spec.error();
  }
  if (!spec) {
    return outcome_of(spec.error(), options, facts->kernel);
  }
  return supervise::run(*spec, *facts, channels, created_ns);
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

int run_command(const RunOptions& options, const ResultPlace& place) {
  const std::uint64_t created_ns = sys::monotonic_ns();
  const Result<sys::Fd> signals = sys::take_signals();
  if (!signals) {
    print_error(signals.error());
    return signals.error().exit_code();
  }
  sys::use_all_descriptors();
  policy::Request request = options.request;
  request.prepared = filters::builtin_profile(request.profile);
  request.caller_environment = callers_environment();
  const Result<sys::Fd> events = open_events(options);
  if (!events) {
    print_error(events.error());
    return events.error().exit_code();
  }
  const Result<result::Outcome> outcome = run_request(
      options, request, {signals->ref(), events->ref(), options.format == Format::playground},
      created_ns);
  if (!outcome) {
    print_error(outcome.error());
    return outcome.error().exit_code();
  }
  explain(options, *outcome);
  tell_result(events->ref(), signals->ref(), *outcome);
  const Result<Done> written = write_result(options, place, *outcome, signals->ref());
  if (!written) {
    print_error(written.error());
    return written.error().exit_code();
  }
  return options.exit_zero ? 0 : result::exit_status(*outcome);
}

}  // namespace sb::cli
