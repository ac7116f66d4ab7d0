#include "supervise/steps.h"

#include <cerrno>
#include <optional>

#include <fmt/core.h>

#include "policy/inside_view.h"
#include "policy/resolve_files.h"
#include "supervise/plain_archives.h"
#include "supervise/run.h"
#include "supervise/step_cache.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// Whether its work directory is one in memory, which goes on to the next step; not one of the
// host's, which every step sees, and in which nothing is to be written for it.
bool has_work(const policy::Spec& spec) {
  return spec.files.workspace == policy::WorkspaceMode::scratch &&
         !policy::is_covered(spec.files, "/workspace");
}

// In the place of whatever it would begin with; what is put there besides comes on top.
void give_work(policy::Files& files, const sys::Fd& work) {
  if (!files.cow_source.empty()) {
    std::erase_if(files.put, [&](const policy::FileToPut& put) {
      return put.target == "/workspace" && put.source == files.cow_source;
    });
    files.cow_source.clear();
  }
  files.put.insert(files.put.begin(), {.source = fmt::format("/proc/self/fd/{}", work.number()),
                                       .target = "/workspace",
                                       .shown = "what the step before left",
                                       .work = true});
}

std::string text_of(const result::Stream& stream) { return std::string(stream.data.view()); }

result::Outcome outcome_of(const StepResult& kept) {
  result::Outcome outcome;
  outcome.status = result::Status::ok;
  outcome.exit_code = 0;
  outcome.out.bytes = kept.out.size();
  outcome.out.data.append(kept.out);
  outcome.err.bytes = kept.err.size();
  outcome.err.data.append(kept.err);
  outcome.time.started = kept.started;
  outcome.enforced = kept.enforced;
  outcome.cached = true;
  return outcome;
}

result::Outcome outcome_of_archives(const policy::Spec& spec, Error error) {
  return outcome_of_preparation(
      std::move(error).context(fmt::format("starting \"{}\"", spec.command.shown)));
}

// Of a run that has no other beside it.
result::Outcome run_alone(policy::Spec spec, const policy::HostFacts& facts,
                          const Channels& channels, std::uint64_t created_ns,
                          std::unique_ptr<Attempt>* left) {
  const Result<std::vector<sys::Fd>> archives = make_archives_plain(spec, facts, channels);
  if (archives) {
    return run(spec, facts, channels, created_ns, left);
  }
  result::Outcome outcome = outcome_of_archives(spec, archives.error());
  outcome.sandbox = info_of(spec, facts);
  return outcome;
}

class Steps {
 public:
  Steps(const policy::HostFacts& facts, const Channels& channels)
      : facts_(facts), channels_(channels) {}

  result::Outcome run(Step& step, bool is_last, std::uint64_t created_ns,
                      std::unique_ptr<Attempt>* left) {
    policy::Spec& spec = step.spec;
    // Why: what a step leaves goes to the next as a copy.
    policy::copy_workspace(spec.files);
    if (work_.valid() && has_work(spec)) {
      give_work(spec.files, work_);
    }
    const Result<std::vector<sys::Fd>> archives = make_archives_plain(spec, facts_, channels_);
    if (!archives) {
      return outcome_of_archives(spec, archives.error());
    }
    spec.files.keep_work = has_work(spec) && (!is_last || step.cache);
    Result<StepCache> cache = step.cache ? StepCache::look(spec) : Result<StepCache>(StepCache());
    if (!cache) {
      return outcome_of_error(cache.error());
    }
    if (std::optional<StepResult> kept = step.cache ? cache->find() : std::nullopt) {
      result::Outcome outcome = outcome_of(*kept);
      work_ = std::move(kept->work);
      return outcome;
    }
    std::unique_ptr<Attempt> attempt;
    result::Outcome outcome = supervise::run(spec, facts_, channels_, created_ns, &attempt);
    finish(step, *cache, outcome, *attempt);
    if (left != nullptr) {
      *left = std::move(attempt);
    }
    return outcome;
  }

 private:
  // Takes what the step left.
  void finish(const Step& step, const StepCache& cache, result::Outcome& outcome,
              Attempt& attempt) {
    if (outcome.status != result::Status::ok || !step.spec.files.keep_work) {
      return;
    }
    Result<sys::Fd> work = attempt.take_work();
    if (!work && work.error().err() == ECANCELED) {
      outcome.status = result::Status::cancelled;
      outcome.reason = "cancelled while its work directory was read";
      return;
    }
    if (!work) {
      outcome = outcome_of_error(work.error());
      return;
    }
    if (step.cache && !cache.refusal().empty()) {
      outcome.warnings.push_back("nothing of this step is kept: " + cache.refusal());
    }
    StepResult result{text_of(outcome.out), text_of(outcome.err), outcome.time.started,
                      outcome.enforced.value_or(result::Enforced()), *std::move(work)};
    if (step.cache && !outcome.out.truncated && !outcome.err.truncated) {
      cache.keep(step.spec, result);
    }
    work_ = std::move(result.work);
  }

  const policy::HostFacts& facts_;
  const Channels& channels_;
  sys::Fd work_;  // what the step before left
};

}  // namespace

result::Outcome run_steps(std::vector<Step> steps, const policy::HostFacts& facts,
                          const Channels& channels, std::uint64_t created_ns,
                          std::unique_ptr<Attempt>* left) {
  if (steps.size() == 1 && steps.front().spec.step.empty()) {
    return run_alone(std::move(steps.front().spec), facts, channels, created_ns, left);
  }
  Steps runner(facts, channels);
  std::vector<result::Outcome> earlier;
  for (;;) {
    Step& step = steps.at(earlier.size());
    const bool is_last = earlier.size() + 1 == steps.size();
    result::Outcome outcome = runner.run(step, is_last, created_ns, is_last ? left : nullptr);
    outcome.step = step.spec.step;
    outcome.sandbox = info_of(step.spec, facts);
    if (outcome.status != result::Status::ok || is_last) {
      outcome.earlier = std::move(earlier);
      return outcome;
    }
    earlier.push_back(std::move(outcome));
    created_ns = sys::monotonic_ns();
  }
}

}  // namespace sb::supervise
