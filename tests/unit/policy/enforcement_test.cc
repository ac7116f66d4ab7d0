// Which error says that a limit can't be enforced here.
#include "policy/enforcement.h"

#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

CgroupHierarchy v1(std::vector<std::string> controllers, bool writable) {
  return {.controllers = std::move(controllers), .base = "/v1", .writable = writable};
}

CgroupHierarchy v2(std::vector<std::string> controllers, bool writable, bool busy) {
  return {.v2 = true,
          .controllers = std::move(controllers),
          .base = "/v2",
          .writable = writable,
          .busy = busy};
}

// The error of a run that asks for memory; Tag::usage where there is none.
Error error_of(std::vector<CgroupHierarchy> cgroups) {
  HostFacts facts;
  facts.uid = 1000;
  facts.kernel = "6.1.0";
  facts.cgroups = std::move(cgroups);
  Spec spec;
  spec.limits = {};
  spec.limits.memory_bytes = 1 << 20;
  const Result<Done> done = resolve_enforcement(facts, spec);
  return done ? Error(Tag::usage, "none") : done.error();
}

}  // namespace

TEST_CASE("enforcement: a usable controller is no error") {
  REQUIRE(error_of({v2({"memory"}, true, false)}).tag() == Tag::usage);
  REQUIRE(error_of({v1({"memory"}, true)}).tag() == Tag::usage);
  // The v1 side of a hybrid host does for the v2 side that lacks it.
  REQUIRE(error_of({v1({"memory"}, true), v2({}, true, true)}).tag() == Tag::usage);
}

TEST_CASE("enforcement: a group of this callers that others are in is busy") {
  REQUIRE(error_of({v2({"memory"}, true, true)}).tag() == Tag::cgroup_busy);
}

// Red: asked in the other order, a shell in the same session group hid that nothing is delegated.
TEST_CASE("enforcement: a group that is not this callers is none whoever is in it") {
  for (const bool busy : {false, true}) {
    REQUIRE(error_of({v2({"memory"}, false, busy)}).tag() == Tag::host_no_cgroup);
  }
  REQUIRE(error_of({v1({"memory"}, false), v1({"pids"}, false)}).tag() == Tag::host_no_cgroup);
  REQUIRE(error_of({}).tag() == Tag::host_no_cgroup);
  // A session's group may lack what the user's own will have.
  REQUIRE(error_of({v2({"pids"}, false, false)}).tag() == Tag::host_no_cgroup);
}

// systemd on a hybrid host: the user's own group is of v2, and v1 is root's.
TEST_CASE("enforcement: what only roots hierarchy has is no controller and has a way out") {
  const Error error = error_of({v1({"memory"}, false), v2({}, true, false)});
  REQUIRE(error.tag() == Tag::host_no_memory_controller);
  REQUIRE(error.hint().find("systemd.unified_cgroup_hierarchy=1") != std::string::npos);
  REQUIRE(error.hint().find("--memory none") != std::string::npos);
}

TEST_CASE("enforcement: a controller that no hierarchy has is no controller") {
  REQUIRE(error_of({v1({"pids"}, true)}).tag() == Tag::host_no_memory_controller);
  REQUIRE(error_of({v2({"pids"}, true, false)}).tag() == Tag::host_no_memory_controller);
}
