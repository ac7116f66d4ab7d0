// The findings of doctor on cgroups: which controllers there are, why not, and what gives them.
#include "doctor_host.h"

using namespace sbtest::doctoring;

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
           {"others are in the group",
            [](Facts& f) {
              f.host.cgroups.front().busy = true;
              f.settings.systemd = true;
            },
            ControllerState::busy, "systemd-run --user --scope -p Delegate=yes"},
           // Red: in remedy_of_busy, look at the container alone.
           {"others are in the group, without systemd",
            [](Facts& f) { f.host.cgroups.front().busy = true; }, ControllerState::busy,
            "/sup && xargs -rn1 < /cg"},
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
