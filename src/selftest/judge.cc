#include <fmt/core.h>

#include "selftest/subject.h"

namespace sb::selftest {

Verdict judge_fact(const Seen& seen, const std::string& key, const std::string& expected,
                   const std::string& outside) {
  if (const std::optional<Verdict> nothing = seen.did_not_run()) {
    return *nothing;
  }
  const std::optional<std::string> inside = seen.fact(key);
  if (!inside) {
    return seen.stopped_early();
  }
  const bool held = *inside == expected && (outside.empty() || outside == expected);
  std::string outcome = *inside;
  if (outcome.empty()) {
    outcome = "nothing";
  }
  if (!outside.empty()) {
    outcome += outside == *inside ? ", and so from outside"
                                  : fmt::format(", but {} from outside", outside);
  }
  return {held ? State::held : State::broken, outcome};
}

}  // namespace sb::selftest
