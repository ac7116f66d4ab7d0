// Profiles: what is accepted can be shown and read again; what is not has one line with its place.
#include <algorithm>

#include "cli/profile_print.h"
#include "fuzz/json_check.h"
#include "fuzz/properties.h"
#include "fuzz/shown_limits.h"
#include "fuzz/targets.h"
#include "policy/check.h"
#include "policy/explain.h"
#include "policy/profile.h"
#include "policy/resolve_syscalls.h"
#include "policy/toml_reader.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;

constexpr const char* source = "p.toml";

bool is_line(std::string_view text) {
  return text.ends_with('\n') && text.find('\n') == text.size() - 1;
}

void expect_findings(const Profile& profile, std::string_view text) {
  const auto rows = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const Finding& finding : check_profile(profile, source)) {
    HOLDS_FOR(is_line(sb::cli::findings_text({finding})), finding.text);
    HOLDS_FOR(!finding.text.empty(), finding.text);
    HOLDS_FOR(finding.origin.source != source || finding.origin.line <= rows, finding.text);
  }
}

void expect_explanation(const Profile& profile, bool can_run) {
  sb::Result<std::vector<ExplainedCall>> calls = explain_syscalls(profile);
  HOLDS(calls.has_value() == can_run);
  if (!calls) {
    return;
  }
  sb::cli::Explanation explanation{.profile = source,
                                   .settings = explain_settings(profile),
                                   .otherwise = explain_default(profile),
                                   .calls = *std::move(calls)};
  if (profile.description) {
    explanation.description = profile.description->value;
  }
  std::string json;
  const auto sink = [&json](std::string_view bytes) -> sb::Result<sb::Done> {
    json += bytes;
    return sb::Done{};
  };
  HOLDS(sb::cli::write_explanation(explanation, sink, false).has_value());
  HOLDS_FOR(is_line(json) && is_json(json), json);
  const std::string text = sb::cli::explanation_text(explanation);
  HOLDS_FOR(text.ends_with('\n') && text.find('\x1b') == std::string::npos, text);
}

}  // namespace

void fuzz_profile(std::string_view text) {
  const sb::Result<Profile> profile = parse_profile(text, source);
  const bool imports = text.find("import") != std::string_view::npos;
  if (!profile) {
    if (text.size() <= longest_profile && !imports) {
      expect_place(profile.error(), source, text);
    }
    expect_clear(profile.error());
    return;
  }
  HOLDS(check_toml_text(text, source).has_value());
  expect_limits_shown(*profile);
  const sb::Result<SyscallPolicy> policy = resolve_syscalls(*profile);
  if (!policy) {
    expect_clear(policy.error());
  }
  expect_findings(*profile, text);
  expect_explanation(*profile, policy.has_value());
  const sb::Result<Profile> again = parse_profile(text, source);
  HOLDS(again.has_value());
  const sb::Result<SyscallPolicy> policy_again = resolve_syscalls(*again);
  HOLDS(policy.has_value() == policy_again.has_value());
  HOLDS(!policy || *policy == *policy_again);
}

}  // namespace sbfuzz
