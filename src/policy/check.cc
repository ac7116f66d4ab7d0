#include "policy/check.h"

#include <algorithm>
#include <tuple>

#include "policy/resolve_syscalls.h"

namespace sb::policy {

std::vector<Finding> check_profile(const Profile& profile, const std::string& source) {
  const Origin whole{source, 1, 1};
  std::vector<Finding> findings;
  check_limits(profile, findings);
  check_entries(profile, findings);
  const Result<std::vector<TracedRule>> resolved = trace_syscalls(profile);
  const bool explained = std::any_of(findings.begin(), findings.end(),
                                     [](const Finding& finding) { return finding.is_error; });
  if (resolved) {
    check_pitfalls(profile, whole, findings);
  } else if (!explained) {
    findings.push_back({whole, true, resolved.error().message()});
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.origin.source, a.origin.line, a.origin.column) <
           std::tie(b.origin.source, b.origin.line, b.origin.column);
  });
  return findings;
}

}  // namespace sb::policy
