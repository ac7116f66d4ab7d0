#include "cli/doctor_checks.h"

#include <cerrno>

#include <fmt/core.h>

namespace sb::cli {
namespace {

using launch::NamespaceStep;
using launch::SeccompStep;
using Lines = std::vector<std::string>;

// What of a container's settings is in the way.
enum class Fence { filter, masked_proc, filter_and_apparmor, capabilities };

// How its maker is told to leave it out. A pod says so in its manifest.
std::string without(Fence fence, const HostSettings& settings) {
  const bool pod = settings.container == "kubernetes";
  switch (fence) {
    case Fence::filter:
      return pod ? "securityContext: {seccompProfile: {type: Unconfined}}"
                 : "docker run --security-opt seccomp=unconfined ...";
    case Fence::masked_proc:
      return pod ? "securityContext: {procMount: Unmasked}, with hostUsers: false"
                 : "docker run --security-opt systempaths=unconfined ...";
    case Fence::filter_and_apparmor:
      return pod ? "securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: "
                   "Unconfined}}"
                 : "docker run --security-opt seccomp=unconfined --security-opt "
                   "apparmor=unconfined ...";
    case Fence::capabilities:
      return pod ? "securityContext: {capabilities: {add: [SYS_ADMIN]}}"
                 : "docker run --cap-add SYS_ADMIN ...";
  }
  return {};
}

const char* const lift_apparmor = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";

const char* const leave_chroot =
    "leave the chroot: namespaces need a root that is a mount point (unshare -m and pivot_root "
    "make one)";

bool apparmor_restricts(const HostSettings& settings) {
  return settings.apparmor_restrict_unprivileged_userns.value_or(0) != 0;
}

Lines remedy_of_permission(const DoctorFacts& facts) {
  const HostSettings& settings = facts.settings;
  if (!facts.host.is_root && settings.unprivileged_userns_clone == 0U) {
    return {"sysctl -w kernel.unprivileged_userns_clone=1"};
  }
  if (!facts.host.is_root && apparmor_restricts(settings)) {
    return {lift_apparmor};
  }
  if (settings.chrooted) {
    return {leave_chroot};
  }
  if (settings.filtered) {
    return {without(Fence::filter, settings)};
  }
  return facts.host.is_root ? Lines{"give CAP_SYS_ADMIN: " + without(Fence::capabilities, settings)}
                            : Lines{"run as root"};
}

Lines remedy_of_clone(int err, const DoctorFacts& facts) {
  switch (err) {
    case ENOSPC:
      return {"sysctl -w user.max_user_namespaces=15000"};
    case EUSERS:
      return {"start it in fewer than 32 levels of user namespaces"};
    case EINVAL:
      return {
          "boot a kernel with CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_IPC_NS and "
          "CONFIG_UTS_NS"};
    case ENOSYS:
      return facts.settings.filtered ? Lines{without(Fence::filter, facts.settings)}
                                     : Lines{"boot Linux 5.10 or newer"};
    default:
      return remedy_of_permission(facts);
  }
}

Lines remedy_of_mount(NamespaceStep step, int err, const DoctorFacts& facts) {
  if (err == ENOSYS) {
    return facts.settings.filtered ? Lines{without(Fence::filter, facts.settings)}
                                   : Lines{"boot Linux 5.10 or newer"};
  }
  if (!facts.host.is_root && apparmor_restricts(facts.settings)) {
    return {lift_apparmor};
  }
  if (err == EINVAL && step == NamespaceStep::private_mounts) {
    return {leave_chroot};
  }
  if (step == NamespaceStep::proc) {
    return {without(Fence::masked_proc, facts.settings)};
  }
  if (!facts.settings.container.empty()) {
    return {without(Fence::filter_and_apparmor, facts.settings)};
  }
  return {"run as root"};
}

std::string step_detail(NamespaceStep step, int err) {
  static constexpr const char* doing[] = {"cloning",
                                          "mapping ids",
                                          "making mounts private",
                                          "mounting proc",
                                          "mounting tmpfs",
                                          "cloning mounts",
                                          "setting mount attributes",
                                          "setting the host name",
                                          "bringing loopback up"};
  return fmt::format("{}: {}", doing[static_cast<std::size_t>(step)], errno_name(err));
}

Check namespaces_check(const char* name, const launch::Trial<launch::namespace_steps>& trial,
                       bool required, const DoctorFacts& facts) {
  Check check{.name = name, .works = trial.works(), .required = required};
  if (check.works) {
    check.detail = "all that a run needs was tried in them";
    return check;
  }
  const auto step = static_cast<NamespaceStep>(trial.failed_at());
  const int err = trial.of(step);
  check.detail = step_detail(step, err);
  check.remedy = step == NamespaceStep::clone ? remedy_of_clone(err, facts)
                                              : remedy_of_mount(step, err, facts);
  return check;
}

// Which of the two kinds of namespaces a run takes.
bool may_do_without_user_namespaces(const DoctorFacts& facts) {
  return facts.host.is_root && facts.features.without_user_namespace.works();
}

Lines remedy_of_getfd(int err, const HostSettings& settings) {
  if (err == EPERM && settings.ptrace_scope.value_or(0) > 1) {
    return {"sysctl -w kernel.yama.ptrace_scope=1"};
  }
  return settings.filtered ? Lines{without(Fence::filter, settings)}
                           : Lines{"boot Linux 5.6 or newer"};
}

Lines remedy_of_seccomp(SeccompStep step, int err, const HostSettings& settings) {
  switch (step) {
    case SeccompStep::filter:
      // Kernel: a process under a filter has filters; what it can't do is clone3(2).
      return {settings.filtered ? without(Fence::filter, settings)
                                : "boot a kernel with CONFIG_SECCOMP_FILTER"};
    case SeccompStep::listener:
      // Kernel: one listener for each task and all its filters (seccomp(2)).
      return err == EBUSY
                 ? Lines{"start it outside of the sandbox around it, which listens to system "
                         "calls; or use --best-effort"}
                 : Lines{"boot Linux 5.5 or newer"};
    case SeccompStep::pidfd_getfd:
      return remedy_of_getfd(err, settings);
    case SeccompStep::continue_call:
      return {"boot Linux 5.5 or newer"};
  }
  return {};
}

}  // namespace

std::vector<Check> check_namespaces(const DoctorFacts& facts) {
  const launch::HostFeatures& features = facts.features;
  std::vector<Check> checks;
  checks.push_back(namespaces_check("user_namespaces", features.with_user_namespace,
                                    !may_do_without_user_namespaces(facts), facts));
  if (!checks.back().works && may_do_without_user_namespaces(facts)) {
    checks.back().remedy.emplace_back("or do without: sandbox run --userns never ...");
  }
  if (facts.host.is_root) {
    checks.push_back(
        namespaces_check("plain_namespaces", features.without_user_namespace, false, facts));
  }
  const int idmapped = features.idmapped_mount_err;
  if (idmapped != launch::not_tried) {
    checks.push_back({.name = "idmapped_mounts",
                      .works = idmapped == 0,
                      .detail = idmapped == 0 ? "of the root file system" : errno_name(idmapped)});
    if (idmapped != 0) {
      checks.back().remedy = {"boot Linux 5.12 or newer, on a file system that can have them"};
    }
  }
  return checks;
}

std::vector<Check> check_seccomp(const DoctorFacts& facts) {
  static constexpr const char* names[] = {"seccomp_filter", "seccomp_notification", "pidfd_getfd",
                                          "seccomp_continue"};
  const launch::Trial<launch::seccomp_steps>& trial = facts.features.seccomp;
  std::vector<Check> checks;
  for (std::size_t i = 0; i < launch::seccomp_steps; ++i) {
    const auto step = static_cast<SeccompStep>(i);
    const int err = trial.of(step);
    Check check{.name = names[i], .works = err == 0, .required = true};
    if (err > 0) {
      check.detail = errno_name(err);
      check.remedy = remedy_of_seccomp(step, err, facts.settings);
    } else if (err == launch::not_tried) {
      check.detail = "not tried, for want of those before it";
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

Report make_report(const DoctorFacts& facts) {
  Report report;
  report.layout = layout_of(facts.host);
  const bool new_enough = facts.host.kernel_at_least(5, 10);
  report.checks.push_back({.name = "kernel",
                           .works = new_enough,
                           .required = true,
                           .detail = facts.host.kernel,
                           .remedy = new_enough ? Lines{} : Lines{"boot Linux 5.10 or newer"}});
  const bool has_proc = facts.settings.has_proc;
  report.checks.push_back({.name = "proc",
                           .works = has_proc,
                           .required = true,
                           .detail = has_proc ? "" : "/proc is not mounted",
                           .remedy = has_proc ? Lines{} : Lines{"mount -t proc proc /proc"}});
  for (const auto& part : {check_namespaces(facts), check_seccomp(facts), check_rest(facts)}) {
    report.checks.insert(report.checks.end(), part.begin(), part.end());
  }
  report.controllers = check_controllers(facts);
  report.limits = check_limits(facts, report.controllers);
  Check run{.name = "run", .required = true};
  if (facts.trial && facts.trial->error) {
    run.detail = facts.trial->error->to_line();
    if (!facts.trial->error->hint().empty()) {
      run.remedy = {std::string(facts.trial->error->hint())};
    }
  } else if (facts.trial) {
    run.works = facts.trial->status == result::Status::ok;
    run.detail = run.works ? "started, ended well, and was measured" : facts.trial->reason;
  }
  report.starts = run.works;
  report.checks.push_back(std::move(run));
  return report;
}

}  // namespace sb::cli
