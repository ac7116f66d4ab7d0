// The findings that are neither of namespaces, nor of seccomp, nor of cgroups.
#include <cerrno>

#include <fmt/core.h>

#include "cli/doctor_checks.h"

namespace sb::cli {
namespace {

using Lines = std::vector<std::string>;

Check swap_check(const HostSettings& settings) {
  const bool bounded = !settings.has_swap || settings.swap_accounted;
  return {.name = "swap",
          .works = bounded,
          .detail = !settings.has_swap        ? "there is none"
                    : settings.swap_accounted ? "counted, and none is given to a run"
                                              : "not counted: a run can escape its memory limit",
          .remedy = bounded ? Lines{} : Lines{"boot with swapaccount=1", "or: swapoff -a"}};
}

Check clock_check(const HostSettings& settings) {
  const std::string& source = settings.clock_source;
  // Why: read through a trap or a slow bus they cost microseconds each, and distort what is timed.
  const bool slow =
      source == "hpet" || source == "acpi_pm" || source == "jiffies" || source == "refined-jiffies";
  return {.name = "clock_source",
          .works = !slow,
          .detail = source.empty() ? "unknown" : source,
          .remedy = slow ? Lines{"boot with clocksource=tsc tsc=reliable"} : Lines{}};
}

Check host_ids_check(int err) {
  Check check{.name = "host_ids",
              .works = err == 0,
              .required = true,
              .detail = err == 0 ? "/run/sandbox holds the locks of the ids that runs have"
                                 : "/run/sandbox: " + errno_name(err)};
  if (err != 0) {
    check.remedy = {err == EROFS ? "mount -t tmpfs -o mode=755 tmpfs /run (docker run --tmpfs /run)"
                                 : "mkdir -p /run/sandbox"};
  }
  return check;
}

Check user_manager_check(const DoctorFacts& facts) {
  const HostSettings& settings = facts.settings;
  Check check{.name = "systemd_user_manager", .works = settings.user_manager};
  check.detail = settings.in_scope       ? "gave this caller a cgroup of its own"
                 : settings.user_manager ? "running"
                 : settings.systemd      ? "not running for this user"
                                         : "this host was not booted with systemd";
  if (!settings.user_manager && settings.systemd) {
    check.remedy = {fmt::format("loginctl enable-linger {}", facts.host.uid)};
  }
  return check;
}

}  // namespace

std::vector<Check> check_rest(const DoctorFacts& facts) {
  const launch::HostFeatures& features = facts.features;
  std::vector<Check> checks = {
      {.name = "landlock",
       .works = features.landlock_abi > 0,
       .detail = features.landlock_abi > 0
                     ? fmt::format("ABI {}; not used by default", features.landlock_abi)
                     : "not there; not used by default"},
      {.name = "children_file",
       .works = features.children_file,
       .detail = "/proc/PID/task/TID/children",
       .remedy =
           features.children_file ? Lines{} : Lines{"boot a kernel with CONFIG_PROC_CHILDREN"}},
      swap_check(facts.settings),
      clock_check(facts.settings),
  };
  if (features.host_ids_err != launch::not_tried) {
    checks.push_back(host_ids_check(features.host_ids_err));
  }
  if (!facts.host.is_root) {
    checks.push_back(user_manager_check(facts));
  }
  return checks;
}

}  // namespace sb::cli
