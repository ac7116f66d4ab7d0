// What each launch stage is called, and the error that its failure becomes.
// Must not know the order of stages (inside/protocol.h does) or how they work.
#pragma once

#include <string_view>

#include "base/error.h"
#include "launch/inside/protocol.h"
#include "launch/plan_builder.h"
#include "policy/spec.h"

namespace sb::launch {

std::string_view stage_name(inside::Stage stage);

// The remedy where clone(2) says EAGAIN.
extern const char* const no_more_processes;

// The sentence for a stage's failure: the numbers come from inside, the words from the plan.
// Numbers out of range give launch.protocol.
Error stage_error(const policy::Spec& spec, const PlanBuilder& builder,
                  const inside::StageReport& report);

}  // namespace sb::launch
