// A host for doctor to look at, and what its report is held against.
// Must not hold tests.
#pragma once

#include "cli/doctor_checks.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/doctor_print.h"

namespace sbtest::doctoring {

using namespace sb;
using namespace sb::cli;
using launch::NamespaceStep;
using launch::SeccompStep;

inline policy::CgroupHierarchy hierarchy(bool v2, std::vector<std::string> controllers) {
  const std::string point = v2 ? "/cg" : "/cg/" + controllers.front();
  return {.v2 = v2,
          .controllers = std::move(controllers),
          .mount_point = point,
          .base = point + "/own",
          .writable = true};
}

// A host where everything works, and an ordinary user with a group of its own.
struct Facts : DoctorFacts {
  Facts() {
    host.uid = 1000;
    host.kernel = "6.1.0";
    host.cgroups = {hierarchy(true, {"memory", "pids", "cpu", "cpuset"})};
    settings.has_proc = true;
    settings.controllers = {{"memory", true}, {"pids", true}, {"cpu", true}, {"cpuset", true}};
    settings.clock_source = "tsc";
    features.with_user_namespace.err.fill(0);
    features.seccomp.err.fill(0);
    features.landlock_abi = 1;
    features.children_file = true;
    trial = result::Outcome{};
    trial->status = result::Status::ok;
  }
  void becomes_root() {
    host.uid = 0;
    host.is_root = true;
    features.without_user_namespace.err.fill(0);
    features.host_ids_err = 0;
  }
  void namespaces_fail(NamespaceStep step, int err) { features.with_user_namespace.of(step) = err; }
};

inline const Check& named(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.checks.begin(), report.checks.end(),
                                  [&](const Check& check) { return check.name == name; });
  REQUIRE_MESSAGE(found != report.checks.end(), name);
  return *found;
}

inline const Controller& controller(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.controllers.begin(), report.controllers.end(),
                                  [&](const Controller& item) { return item.name == name; });
  REQUIRE_MESSAGE(found != report.controllers.end(), name);
  return *found;
}

inline std::string enforced(const Report& report, const std::string& limit) {
  for (const LimitEnforcement& item : report.limits) {
    if (item.limit == limit) {
      return item.by;
    }
  }
  return "no such limit";
}

struct Row {
  const char* what;
  std::function<void(Facts&)> host_is;
  const char* check;
  const char* remedy;  // a part of its first line
};

inline void expect_remedies(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    Facts facts;
    row.host_is(facts);
    const Report report = make_report(facts);
    const Check& check = named(report, row.check);
    CHECK_FALSE(check.works);
    CHECK_FALSE(check.detail.empty());
    REQUIRE_FALSE(check.remedy.empty());
    INFO(check.remedy.front());
    CHECK(check.remedy.front().find(row.remedy) != std::string::npos);
  }
}

}  // namespace sbtest::doctoring
