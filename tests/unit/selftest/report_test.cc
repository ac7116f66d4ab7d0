#include "selftest/report.h"

#include <string>

#include <doctest/doctest.h>

#include "selftest/seen.h"

namespace {

using namespace sb;
using namespace sb::selftest;

Report report_of(const std::vector<State>& states) {
  Report report{.profile = "default", .profile_sha256 = std::string(64, '0'), .kernel = "6.1"};
  for (const State state : states) {
    const std::size_t row = report.add("Group", "promise", "attempt");
    report.rows[row].verdict = {state, "outcome"};
  }
  return report;
}

Seen seen(const std::string& status, const std::string& rest = "", const std::string& told = "") {
  return {0, R"({"status":")" + status + R"(","stdout":{"data":")" + told + R"("})" + rest + "}",
          ""};
}

}  // namespace

// Red: a holds() that does not count what was not tried.
TEST_CASE("selftest report: what was not tried is no pass and neither is nothing at all") {
  CHECK(report_of({State::held}).holds());
  CHECK(report_of({State::held, State::not_provided}).holds());
  CHECK_FALSE(report_of({State::held, State::broken}).holds());
  CHECK_FALSE(report_of({State::held, State::untried}).holds());
  CHECK_FALSE(report_of({State::not_provided}).holds());
  CHECK_FALSE(report_of({}).holds());
  Report fresh = report_of({State::held});
  (void)fresh.add("Group", "promise", "attempt");
  CHECK_FALSE(fresh.holds());
}

TEST_CASE("selftest report: the table has each state and the sum") {
  const std::string text =
      report_text(report_of({State::held, State::broken, State::not_provided, State::untried}));
  for (const char* part :
       {"Group:\n", "  held  ", "  BROKEN  ", "  not provided ", "  NOT TRIED  ",
        "1 promises held, 1 broken, 1 not provided here, 1 could not be tried"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  }
}

TEST_CASE("selftest report: groups stand together in the order of their first rows") {
  Report report;
  for (const char* group : {"A", "B", "A", "C", "B"}) {
    (void)report.add(group, "promise", "attempt");
  }
  report.sort_by_group();
  std::string order;
  for (const Row& row : report.rows) {
    order += row.group;
  }
  CHECK(order == "AABBC");
}

// Red: a did_not_run() that takes every error for one of the host's.
TEST_CASE("selftest: a run that failed proves nothing") {
  CHECK(Seen(125, "", "sandbox: no").did_not_run()->state == State::untried);
  CHECK(Seen(0, "{", "").did_not_run()->state == State::untried);
  const std::string of_host = R"(,"error":{"tag":"host.no_cgroup","message":"none"})";
  CHECK(seen("error", of_host).did_not_run()->state == State::not_provided);
  CHECK(seen("error", of_host).did_not_run()->tag == "host.no_cgroup");
  const std::string other = R"(,"error":{"tag":"launch.mount","message":"no"})";
  CHECK(seen("error", other).did_not_run()->state == State::untried);
  CHECK_FALSE(seen("ok").did_not_run().has_value());
}

TEST_CASE("selftest: what a probe did not come to tell is no pass") {
  CHECK(seen("ok").stopped_early().state == State::untried);
  const std::string violation = R"(,"violations":[{"syscall":"clone"}])";
  CHECK(seen("syscall_violation", violation).stopped_early().state == State::not_provided);
  const Seen told = seen("ok", "", R"(a=1\nab=2\n)");
  CHECK(told.fact("a") == "1");
  CHECK(told.fact("ab") == "2");
  CHECK_FALSE(told.fact("b").has_value());
}
