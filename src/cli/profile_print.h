// What `profile check` and `profile explain` say, for people and as JSON documents.
// Must not judge or resolve: policy/check.h and policy/explain.h do.
#pragma once

#include <string>
#include <vector>

#include "policy/check.h"
#include "policy/explain.h"
#include "result/sink.h"

namespace sb::cli {

// `FILE:LINE:COLUMN: error: text`, a line each.
std::string findings_text(const std::vector<policy::Finding>& findings);
// sandbox.check/v1.
Result<Done> write_findings(const std::vector<policy::Finding>& findings,
                            const std::string& profile, const result::Sink& sink, bool pretty);

struct Explanation {
  std::string profile;
  std::string sha256;
  std::string description;
  std::vector<policy::ExplainedSetting> settings;
  policy::ExplainedRule otherwise;  // calls that are not in the list
  std::vector<policy::ExplainedCall> calls;
};

// All of a profile in a few words a line.
std::string explanation_text(const Explanation& explanation);
// The calls alone, with every entry that speaks of them.
std::string calls_text(const Explanation& explanation);
// sandbox.explain/v1.
Result<Done> write_explanation(const Explanation& explanation, const result::Sink& sink,
                               bool pretty);

}  // namespace sb::cli
