#include "supervise/prepare.h"

#include <cerrno>

#include <fmt/core.h>

#include "policy/resolve.h"
#include "supervise/root_archive.h"
#include "supervise/run.h"

namespace sb::supervise {
namespace {

Prepared refuse(Prepared prepared, Error error, const policy::StepRequest& by) {
  prepared.steps.clear();
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
    return refuse(std::move(prepared), facts.error(), requests.front());
  }
  prepared.facts = *std::move(facts);
  for (const policy::StepRequest& step : requests) {
    Result<policy::Spec> spec =
        policy::resolve(step.request, prepared.facts, root_unpacker(prepared.facts));
    if (const Result<Done> looked = policy::check_looks(); !looked) {
      return refuse(std::move(prepared), looked.error(), step);
    }
    if (!spec) {
      return refuse(std::move(prepared), spec.error(), step);
    }
    spec->step = step.name;
    prepared.doubtful.insert(prepared.doubtful.end(), spec->files.doubtful.begin(),
                             spec->files.doubtful.end());
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
