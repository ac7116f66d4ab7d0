// The findings of `sandbox doctor`: what works, what a limit is enforced by, and what would mend
// what does not work. Pure. Must not look at the host: all that is known of it comes in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/doctor_settings.h"
#include "launch/probe_host_features.h"
#include "policy/host_facts.h"
#include "result/outcome.h"

namespace sb::cli {

struct DoctorFacts {
  policy::HostFacts host;
  HostSettings settings;
  launch::HostFeatures features;
  std::optional<result::Outcome> trial;  // of a run with the default profile
};

struct Check {
  std::string name;  // stable: part of the JSON document
  bool works = false;
  bool required = false;  // without it a default run does not start
  std::string detail;
  std::vector<std::string> remedy;  // lines to type, flags to add; empty where nothing is missing
};

enum class ControllerState { usable, busy, refused, absent };
std::string_view name_of(ControllerState state);

struct Controller {
  std::string name;
  ControllerState state = ControllerState::absent;
  int version = 0;    // of the hierarchy: 1, 2; 0 where absent
  std::string group;  // below which groups are, or would be, made
  std::string mount_point;
  std::vector<std::string> remedy;
};

struct LimitEnforcement {
  std::string limit;
  std::string by;           // "cgroup1 memory", "timer", "RLIMIT_FSIZE"; empty: nothing
  std::string best_effort;  // what --best-effort would put in its place; empty: nothing
};

struct Report {
  bool starts = false;  // a run with the default limits
  std::string layout;   // of cgroups: "v1", "v2", "hybrid", "none"
  std::vector<Check> checks;
  std::vector<Controller> controllers;
  std::vector<LimitEnforcement> limits;
};

Report make_report(const DoctorFacts& facts);

// Parts of it.
std::vector<Check> check_namespaces(const DoctorFacts& facts);
std::vector<Check> check_seccomp(const DoctorFacts& facts);
std::vector<Check> check_rest(const DoctorFacts& facts);
std::string layout_of(const policy::HostFacts& host);
std::vector<Controller> check_controllers(const DoctorFacts& facts);
std::vector<LimitEnforcement> check_limits(const DoctorFacts& facts,
                                           const std::vector<Controller>& controllers);

}  // namespace sb::cli
