// The findings of doctor: what a trial's errno and a host's settings mean, and the line that mends.
#include "doctor_host.h"

using namespace sbtest::doctoring;

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
  facts.trial->error = Error(Tag::launch_root, "entering", EPERM);  // a tag without a hint
  CHECK(named(make_report(facts), "run").remedy.empty());
  facts.trial.reset();
  CHECK_FALSE(make_report(facts).starts);
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
