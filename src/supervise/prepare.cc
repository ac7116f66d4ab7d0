#include "supervise/prepare.h"

#include <cerrno>

#include <fmt/core.h>

#include "policy/resolve.h"
#include "supervise/root_archive.h"
#include "supervise/run.h"

namespace sb::supervise {
namespace {

void add(sys::Doubtful& all, const sys::Doubtful& more) {
  all.insert(all.end(), more.begin(), more.end());
}

Prepared refuse(Prepared prepared, Error error, const policy::StepRequest& by,
                std::span<const policy::StepRequest> requests) {
  prepared.steps.clear();
  // Why now, too: the result is written all the same, and a run before may be why this one can't
  // be.
  prepared.doubtful.clear();
  for (const policy::StepRequest& step : requests) {
    add(prepared.doubtful, policy::doubtful_of(step.request));
  }
  prepared.refused.emplace(
      by.name.empty() ? std::move(error)
                      : Error(std::move(error).context(fmt::format("step \"{}\"", by.name))));
  prepared.profile = by.request.profile;
  return prepared;
}

}  // namespace

Prepared prepare(std::span<const policy::StepRequest> requests) {
  SB_ASSERT(!requests.empty());
  Prepared prepared;
  Result<policy::HostFacts> facts = policy::probe_host(requests.front().request.cgroup_parent);
  if (!facts) {
    return refuse(std::move(prepared), facts.error(), requests.front(), requests);
  }
  prepared.facts = *std::move(facts);
  for (const policy::StepRequest& step : requests) {
    Result<policy::Spec> spec =
        policy::resolve(step.request, prepared.facts, root_unpacker(prepared.facts));
    if (const Result<Done> looked = policy::check_looks(); !looked) {
      return refuse(std::move(prepared), looked.error(), step, requests);
    }
    if (!spec) {
      return refuse(std::move(prepared), spec.error(), step, requests);
    }
    spec->step = step.name;
    add(prepared.doubtful, spec->files.doubtful);
    prepared.steps.push_back({*std::move(spec), step.cache});
  }
  for (auto& step : prepared.steps) {
    step.spec.files.doubtful = prepared.doubtful;
  }
  return prepared;
}

bool is_usage(const Error& error) {
  return error.exit_code() == info(Tag::usage).exit_code && error.err() != ECANCELED;
}

result::Outcome outcome_of_refusal(const Prepared& prepared) {
  result::Outcome outcome = outcome_of_preparation(*prepared.refused);
  outcome.sandbox = {.version = SANDBOX_VERSION,
                     .profile = prepared.profile,
                     .profile_sha256 = "",
                     .kernel = prepared.facts.kernel};
  return outcome;
}

}  // namespace sb::supervise
