// From what a caller asks for to specs: the host is looked at, and every step is resolved before
// the first one runs.
// Must not start anything.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "policy/host_facts.h"
#include "policy/request.h"
#include "policy/spec.h"
#include "result/outcome.h"

namespace sb::supervise {

struct Step {
  policy::Spec spec;
  bool cache = false;  // of policy::StepRequest
};

struct Prepared {
  policy::HostFacts facts;
  std::vector<Step> steps;
  sys::Doubtful doubtful;        // of all steps, as each has it
  std::optional<Error> refused;  // why there are none
  std::string profile;           // of the request that was refused
};

// `requests`: at least one.
Prepared prepare(std::span<const policy::StepRequest> requests);

// Whether it ends the command before there is a run to have a result of (contract §4: exit 2).
bool is_usage(const Error& error);

// The result of a run that was refused for anything else.
result::Outcome outcome_of_refusal(const Prepared& prepared);

}  // namespace sb::supervise
