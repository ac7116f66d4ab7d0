// The findings of doctor: what a trial's errno and a host's settings mean, and the line that mends.
#include "cli/doctor_checks.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/doctor_print.h"

namespace {

using namespace sb;
using namespace sb::cli;
using launch::NamespaceStep;
using launch::SeccompStep;

policy::CgroupHierarchy hierarchy(bool v2, std::vector<std::string> controllers) {
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

const Check& named(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.checks.begin(), report.checks.end(),
                                  [&](const Check& check) { return check.name == name; });
  REQUIRE_MESSAGE(found != report.checks.end(), name);
  return *found;
}

const Controller& controller(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.controllers.begin(), report.controllers.end(),
                                  [&](const Controller& item) { return item.name == name; });
  REQUIRE_MESSAGE(found != report.controllers.end(), name);
  return *found;
}

std::string enforced(const Report& report, const std::string& limit) {
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

void expect_remedies(const std::vector<Row>& rows) {
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

}  // namespace

TEST_CASE("doctor: where all works nothing is to be mended") {
  Facts facts;
  facts.settings.user_manager = true;
  const Report report = make_report(facts);
  CHECK(report.starts);
  CHECK(report.layout == "v2");
  for (const Check& check : report.checks) {
    CAPTURE(check.name);
    CHECK(check.works);
    CHECK(check.remedy.empty());
  }
  for (const Controller& item : report.controllers) {
    CAPTURE(item.name);
    CHECK(item.state == ControllerState::usable);
    CHECK(item.remedy.empty());
  }
  CHECK(report.limits.size() == 11);
  CHECK(enforced(report, "memory") == "cgroup2 memory");
  CHECK(enforced(report, "cpu_time") == "cgroup2 cpu.stat");
  CHECK(enforced(report, "processes") == "cgroup2 pids");
  CHECK(enforced(report, "cpus") == "cgroup2 cpu");
  CHECK(enforced(report, "cpu_set") == "cgroup2 cpuset");
  CHECK(enforced(report, "wall_time") == "timer");
}

TEST_CASE("doctor: what forbids user namespaces and what allows them") {
  const auto clone = [](int err) {
    return [err](Facts& f) { f.namespaces_fail(NamespaceStep::clone, err); };
  };
  expect_remedies({
      {"the limit is 0", clone(ENOSPC), "user_namespaces",
       "sysctl -w user.max_user_namespaces=15000"},
      {"no kernel option", clone(EINVAL), "user_namespaces", "CONFIG_USER_NS"},
      {"nested too deep", clone(EUSERS), "user_namespaces", "32"},
      {"clone3 is not there", clone(ENOSYS), "user_namespaces", "boot Linux"},
      {"Debian's switch",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::clone, EPERM);
         f.settings.unprivileged_userns_clone = 0;
       },
       "user_namespaces", "sysctl -w kernel.unprivileged_userns_clone=1"},
      {"that switch on, and a filter",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::clone, EPERM);
         f.settings.unprivileged_userns_clone = 1;
         f.settings.filtered = true;
       },
       "user_namespaces", "--security-opt seccomp=unconfined"},
      {"a filter without clone3",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::clone, ENOSYS);
         f.settings.filtered = true;
       },
       "user_namespaces", "--security-opt seccomp=unconfined"},
      {"a chroot",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::clone, EPERM);
         f.settings.chrooted = true;
       },
       "user_namespaces", "leave the chroot"},
      {"AppArmor at the clone",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::clone, EACCES);
         f.settings.apparmor_restrict_unprivileged_userns = 1;
       },
       "user_namespaces", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
      {"AppArmor at the first mount",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::private_mounts, EACCES);
         f.settings.apparmor_restrict_unprivileged_userns = 1;
       },
       "user_namespaces", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
      {"AppArmor of a container",
       [](Facts& f) {
         f.namespaces_fail(NamespaceStep::private_mounts, EACCES);
         f.settings.container = "docker";
       },
       "user_namespaces", "apparmor=unconfined"},
      {"a masked proc", [](Facts& f) { f.namespaces_fail(NamespaceStep::proc, EPERM); },
       "user_namespaces", "systempaths=unconfined"},
      {"an old kernel", [](Facts& f) { f.namespaces_fail(NamespaceStep::open_tree, ENOSYS); },
       "user_namespaces", "boot Linux 5.10"},
      {"nothing is known", clone(EPERM), "user_namespaces", "run as root"},
  });
}

TEST_CASE("doctor: root may do without user namespaces") {
  Facts facts;
  facts.becomes_root();
  facts.namespaces_fail(NamespaceStep::clone, ENOSPC);
  Report report = make_report(facts);
  CHECK_FALSE(named(report, "user_namespaces").required);
  CHECK(named(report, "user_namespaces").remedy.back().find("--userns never") != std::string::npos);
  facts.features.without_user_namespace.of(NamespaceStep::clone) = EPERM;
  report = make_report(facts);
  CHECK(named(report, "user_namespaces").required);
  CHECK_FALSE(named(report, "plain_namespaces").remedy.empty());
}

TEST_CASE("doctor: what the listener lacks") {
  const auto seccomp = [](SeccompStep step, int err) {
    return [step, err](Facts& f) { f.features.seccomp.of(step) = err; };
  };
  expect_remedies({
      {"no filter", seccomp(SeccompStep::filter, EINVAL), "seccomp_filter",
       "CONFIG_SECCOMP_FILTER"},
      {"a listener above", seccomp(SeccompStep::listener, EBUSY), "seccomp_notification",
       "outside of the sandbox around it"},
      {"none yet", seccomp(SeccompStep::listener, EINVAL), "seccomp_notification", "boot Linux"},
      {"yama",
       [](Facts& f) {
         f.features.seccomp.of(SeccompStep::pidfd_getfd) = EPERM;
         f.settings.ptrace_scope = 2;
       },
       "pidfd_getfd", "sysctl -w kernel.yama.ptrace_scope=1"},
      {"a container",
       [](Facts& f) {
         f.features.seccomp.of(SeccompStep::pidfd_getfd) = EPERM;
         f.settings.filtered = true;
       },
       "pidfd_getfd", "seccomp=unconfined"},
      {"old", seccomp(SeccompStep::continue_call, EINVAL), "seccomp_continue", "boot Linux 5.5"},
  });
}

TEST_CASE("doctor: the rest of the host") {
  expect_remedies({
      {"kernel", [](Facts& f) { f.host.kernel = "5.4.0"; }, "kernel", "boot Linux 5.10"},
      {"proc", [](Facts& f) { f.settings.has_proc = false; }, "proc", "mount -t proc proc /proc"},
      {"swap", [](Facts& f) { f.settings.has_swap = true; }, "swap", "swapaccount=1"},
      {"clock", [](Facts& f) { f.settings.clock_source = "hpet"; }, "clock_source",
       "clocksource=tsc"},
      {"children", [](Facts& f) { f.features.children_file = false; }, "children_file",
       "CONFIG_PROC_CHILDREN"},
      {"a read-only run", [](Facts& f) { f.features.host_ids_err = EROFS; }, "host_ids",
       "mount -t tmpfs"},
      {"no user manager", [](Facts& f) { f.settings.systemd = true; }, "systemd_user_manager",
       "loginctl enable-linger 1000"},
      {"the run itself",
       [](Facts& f) {
         f.trial->status = result::Status::error;
         f.trial->error = Error(Tag::launch_mount, "mounting", EPERM).with_hint("do this");
       },
       "run", "do this"},
  });
  Facts counted;
  counted.settings.has_swap = counted.settings.swap_accounted = true;
  CHECK(named(make_report(counted), "swap").works);
}

TEST_CASE("doctor: a run that does not end well is not a start") {
  Facts facts;
  facts.trial->status = result::Status::signaled;
  facts.trial->reason = "died of SIGSEGV";
  CHECK_FALSE(make_report(facts).starts);
  facts.trial->error = Error(Tag::launch_mount, "mounting", EPERM);  // a tag without a hint
  CHECK(named(make_report(facts), "run").remedy.empty());
  facts.trial.reset();
  CHECK_FALSE(make_report(facts).starts);
}

TEST_CASE("doctor: layouts of cgroups") {
  policy::HostFacts host;
  CHECK(layout_of(host) == "none");
  host.cgroups = {hierarchy(false, {"name=systemd"}), hierarchy(true, {})};
  CHECK(layout_of(host) == "v2");
  host.cgroups = {hierarchy(false, {"memory"})};
  CHECK(layout_of(host) == "v1");
  host.cgroups.push_back(hierarchy(true, {}));
  CHECK(layout_of(host) == "hybrid");
}

TEST_CASE("doctor: why a controller is not to be had and what gives it") {
  struct Case {
    const char* what;
    std::function<void(Facts&)> host_is;
    ControllerState state;
    const char* remedy;
  };
  const auto refuse = [](Facts& f) { f.host.cgroups.front().writable = false; };
  for (const Case& row : std::vector<Case>{
           {"in a scope of systemd's",
            [&](Facts& f) {
              refuse(f);
              f.settings.systemd = f.settings.user_manager = true;
            },
            ControllerState::refused, "systemd-run --user --scope -p Delegate=yes"},
           {"without a manager",
            [&](Facts& f) {
              refuse(f);
              f.settings.systemd = true;
            },
            ControllerState::refused, "loginctl enable-linger 1000"},
           {"without systemd on v2", refuse, ControllerState::refused,
            "mkdir -p /cg/user-1000/shell && chown 1000 /cg/user-1000 /cg/user-1000/cgroup.procs"},
           {"on v1",
            [&](Facts& f) {
              f.host.cgroups = {hierarchy(false, {"memory"})};
              refuse(f);
            },
            ControllerState::refused,
            "mkdir -p /cg/memory/user-1000 && chown 1000 /cg/memory/user-1000"},
           {"as root in a container",
            [&](Facts& f) {
              refuse(f);
              f.becomes_root();
              f.settings.container = "docker";
            },
            ControllerState::refused, "docker run --privileged --cgroupns=private"},
           {"as a user in a container whose cgroups are read-only",
            [&](Facts& f) {
              refuse(f);
              f.settings.container = "docker";
              f.settings.cgroups_read_only = true;
            },
            ControllerState::refused, "docker run --privileged --cgroupns=private"},
           {"in a pod",
            [&](Facts& f) {
              refuse(f);
              f.settings.container = "kubernetes";
              f.settings.cgroups_read_only = true;
            },
            ControllerState::refused, "securityContext: {privileged: true}"},
           {"a shell in the group of a container",
            [](Facts& f) {
              f.host.cgroups.front().busy = true;
              f.settings.container = "docker";
            },
            ControllerState::busy, "xargs -rn1 < /cg"},
           {"for v2 only in a new kernel",
            [&](Facts& f) {
              f.host.kernel = "6.12.1";
              f.host.cgroups = {hierarchy(false, {"pids"})};
              f.settings.controllers["memory"] = true;
            },
            ControllerState::absent, "boot with systemd.unified_cgroup_hierarchy=1"},
           {"no cgroup at all", [](Facts& f) { f.host.cgroups.clear(); }, ControllerState::absent,
            "mount -t cgroup2 cgroup2 /sys/fs/cgroup"},
           {"as root on a read-only mount",
            [&](Facts& f) {
              refuse(f);
              f.becomes_root();
            },
            ControllerState::refused, "mount -o remount,rw /cg"},
           {"others are in the group", [](Facts& f) { f.host.cgroups.front().busy = true; },
            ControllerState::busy, "systemd-run --user --scope -p Delegate=yes"},
           {"switched off at boot",
            [](Facts& f) {
              f.host.cgroups = {hierarchy(true, {"pids"})};
              f.settings.controllers["memory"] = false;
            },
            ControllerState::absent, "boot with cgroup_enable=memory"},
           {"not in the kernel",
            [](Facts& f) {
              f.host.cgroups = {hierarchy(true, {"pids"})};
              f.settings.controllers.erase("memory");
            },
            ControllerState::absent, "boot a kernel with the memory controller"},
           {"not handed down", [](Facts& f) { f.host.cgroups = {hierarchy(true, {"pids"})}; },
            ControllerState::absent, "echo +memory > /cg/cgroup.subtree_control"},
           {"not handed down by systemd",
            [](Facts& f) {
              f.host.cgroups = {hierarchy(true, {"pids"})};
              f.settings.systemd = true;
            },
            ControllerState::absent, "user@.service.d"},
           {"not mounted", [](Facts& f) { f.host.cgroups = {hierarchy(false, {"pids"})}; },
            ControllerState::absent, "mount -t cgroup -o memory"},
       }) {
    CAPTURE(std::string(row.what));
    Facts facts;
    row.host_is(facts);
    const Report report = make_report(facts);
    const Controller& memory = controller(report, "memory");
    CHECK(std::string(name_of(memory.state)) == name_of(row.state));
    REQUIRE_FALSE(memory.remedy.empty());
    INFO(memory.remedy.front());
    CHECK(memory.remedy.front().find(row.remedy) != std::string::npos);
    CHECK(enforced(report, "memory").empty());
  }
}

TEST_CASE("doctor: limits without a controller") {
  Facts facts;
  facts.host.cgroups.clear();
  Report report = make_report(facts);
  CHECK(enforced(report, "processes") == "RLIMIT_NPROC");
  CHECK(enforced(report, "cpu_time").empty());
  CHECK(enforced(report, "disk") == "tmpfs");
  facts.host.kernel = "5.10.0";
  report = make_report(facts);
  CHECK(enforced(report, "processes").empty());
}

TEST_CASE("doctor: the usable one of two hierarchies counts") {
  Facts facts;
  facts.host.cgroups = {hierarchy(false, {"cpuacct"}), hierarchy(true, {})};
  facts.host.cgroups[0].writable = false;
  CHECK(controller(make_report(facts), "cpuacct").state == ControllerState::usable);
  CHECK(controller(make_report(facts), "cpuacct").version == 2);
}

TEST_CASE("doctor: the table and the document say the same") {
  Facts facts;
  facts.namespaces_fail(NamespaceStep::clone, ENOSPC);
  facts.host.cgroups.front().writable = false;
  facts.trial->status = result::Status::error;
  facts.trial->error = Error(Tag::host_userns, "cloning \x1b[31m", ENOSPC);
  const Report report = make_report(facts);
  const std::string text = report_text(report, facts, {"/cg/sandbox.1.2"});
  CHECK(text.find("user_namespaces       MISSING  cloning: ENOSPC\n") != std::string::npos);
  CHECK(text.find("to mend it: sysctl -w user.max_user_namespaces=15000\n") != std::string::npos);
  CHECK(text.find("removed /cg/sandbox.1.2\n") != std::string::npos);
  CHECK(text.find("does not start here") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find(" \n") == std::string::npos);
  std::string json;
  const auto sink = [&json](std::string_view part) {
    json += part;
    return sb::Result<sb::Done>(sb::Done{});
  };
  REQUIRE(write_report_json(report, facts, {"/cg/sandbox.1.2"}, sink, false));
  CHECK(json.find("\"starts\":false") != std::string::npos);
  CHECK(json.find("\"remedy\":[\"sysctl -w user.max_user_namespaces=15000\"]") !=
        std::string::npos);
  CHECK(json.find("\"removed\":[\"/cg/sandbox.1.2\"]") != std::string::npos);
}
