#include "supervise/run.h"

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "policy/resolve_files.h"
#include "supervise/decide.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// While a named pipe waited for its reader.
Observations cancelled_before_start() {
  Observations seen;
  seen.record_stop({.kind = StopKind::cancelled,
                    .mechanism = "signal",
                    .detail = result::signal_name(sys::pending_end_signal().value_or(SIGTERM))});
  return seen;
}

Result<result::Outcome> run_or_fail(const policy::Spec& spec, const policy::HostFacts& facts,
                                    const Channels& channels, std::uint64_t created_ns,
                                    std::unique_ptr<Attempt>& attempt) {
  attempt = std::make_unique<Attempt>(spec, facts);
  CHECK(attempt->make_streams());
  const Result<Done> filled = attempt->fill_streams();
  if (!filled && filled.error().err() == ECANCELED) {
    return decide(spec, cancelled_before_start());
  }
  CHECK(filled);
  CHECK(attempt->start(created_ns, false));
  return attempt->watch(channels);
}

// What an overlay can fail of, so that a copy may do in its place.
bool is_of_overlay(const policy::Spec& spec, const Result<result::Outcome>& outcome) {
  if (spec.files.workspace != policy::WorkspaceMode::copy_on_write) {
    return false;
  }
  const Error* const error = !outcome         ? &outcome.error()
                             : outcome->error ? &*outcome->error
                                              : nullptr;
  return error != nullptr &&
         (error->tag() == Tag::launch_mount || error->tag() == Tag::files_workspace);
}

}  // namespace

result::Outcome outcome_of_error(Error error) {
  result::Outcome outcome;
  outcome.status = result::Status::error;
  outcome.reason = error.message();
  outcome.error = std::move(error);
  return outcome;
}

result::Outcome outcome_of_preparation(Error error) {
  if (error.err() != ECANCELED) {
    return outcome_of_error(std::move(error));
  }
  result::Outcome outcome;
  outcome.status = result::Status::cancelled;
  outcome.reason = "cancelled before it was started: " + error.message();
  return outcome;
}

result::Outcome run(const policy::Spec& spec, const policy::HostFacts& facts,
                    const Channels& channels, std::uint64_t created_ns,
                    std::unique_ptr<Attempt>* left) {
  std::unique_ptr<Attempt> attempt;
  Result<result::Outcome> outcome = run_or_fail(spec, facts, channels, created_ns, attempt);
  std::optional<policy::Spec> copied;  // Why only then: a spec is large.
  if (is_of_overlay(spec, outcome)) {
    // Why: as below, the program has not run.
    copied = spec;
    policy::copy_workspace(copied->files);
    outcome = run_or_fail(*copied, facts, channels, created_ns, attempt);
  }
  // Why not with a virtual clock: it is by the listener's waiting that tracing begins in time.
  if (spec.best_effort && !spec.clock.is_virtual() && outcome && outcome->error &&
      outcome->error->tag() == Tag::launch_listener) {
    // Why: safe to try again: the program has not run.
    policy::Spec unnamed = copied ? *std::move(copied) : spec;
    unnamed.name_violations = false;
    unnamed.warnings.push_back("forbidden calls are not named, and in descendants not noticed: " +
                               outcome->error->message());
    outcome = run_or_fail(unnamed, facts, channels, created_ns, attempt);
  }
  if (!outcome) {
    outcome = outcome_of_error(
        std::move(outcome).error().context(fmt::format("starting \"{}\"", spec.command.shown)));
  }
  if (left != nullptr) {
    *left = std::move(attempt);
  }
  outcome->sandbox = info_of(spec, facts);
  return *std::move(outcome);
}

result::SandboxInfo info_of(const policy::Spec& spec, const policy::HostFacts& facts) {
  return {.version = SANDBOX_VERSION,
          .profile = spec.profile_name,
          .profile_sha256 = spec.profile_sha256,
          .kernel = facts.kernel};
}

}  // namespace sb::supervise
