// What steps left in their work directory, kept for when all that goes into one is the same again.
// Must not keep anything of a step that might end differently the next time.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "sys/fd.h"

namespace sb::supervise {

// What a step that ended well has left, and when and how it ran.
struct StepResult {
  std::string out;  // what it wrote
  std::string err;
  std::string started;  // result::TimeUsage
  result::Enforced enforced;
  sys::Fd work;  // a tar archive of its work directory
};

class StepCache {
 public:
  // Looks at all that goes into the step: its spec, what is put in, and the state of every file of
  // the host that is shown inside. Errors: files.source.
  static Result<StepCache> look(const policy::Spec& spec);

  // Why nothing is looked up or kept; empty: it can be.
  const std::string& refusal() const { return refusal_; }
  std::optional<StepResult> find() const;
  // Nothing is kept if anything that goes in has changed meanwhile.
  void keep(const policy::Spec& spec, StepResult& result) const;

 private:
  std::string directory_;
  std::string key_;
  std::string refusal_;
};

}  // namespace sb::supervise
