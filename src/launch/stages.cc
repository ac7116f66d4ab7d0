#include "launch/stages.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "launch/exec_error.h"

namespace sb::launch {
namespace {

struct StageInfo {
  inside::Stage stage;
  std::string_view name;
  Tag tag;
  std::string_view doing;
};

using inside::Stage;
constexpr std::array table = {
    StageInfo{Stage::none, "none", Tag::launch_init, "starting init"},
    StageInfo{Stage::await_go, "await_go", Tag::launch_init, "waiting for the supervisor"},
    StageInfo{Stage::scheduling, "scheduling", Tag::launch_scheduling, "resetting scheduling"},
    StageInfo{Stage::ids_of_init, "ids_of_init", Tag::launch_ids, "changing the ids of init"},
    StageInfo{Stage::pdeathsig, "pdeathsig", Tag::launch_pdeathsig,
              "asking to die with the supervisor"},
    StageInfo{Stage::private_mounts, "private_mounts", Tag::launch_mount, "mounting an empty root"},
    StageInfo{Stage::mount, "mount", Tag::launch_mount, "building the root"},
    StageInfo{Stage::pivot_root, "pivot_root", Tag::launch_root, "leaving the host's root"},
    StageInfo{Stage::loopback, "loopback", Tag::launch_network, "bringing loopback up"},
    StageInfo{Stage::hostname, "hostname", Tag::launch_hostname, "setting the host name"},
    StageInfo{Stage::await_group, "await_group", Tag::launch_init, "waiting for the cgroup"},
    StageInfo{Stage::spawn_target, "spawn_target", Tag::launch_spawn, "cloning the target"},
    StageInfo{Stage::await_program, "await_program", Tag::launch_mount,
              "showing the program inside"},
    StageInfo{Stage::drop_self, "drop_self", Tag::launch_init, "dropping the rights of init"},
    StageInfo{Stage::confine_self, "confine_self", Tag::launch_init, "confining init"},
    StageInfo{Stage::join_groups, "join_groups", Tag::launch_join, "joining the cgroup"},
    StageInfo{Stage::cgroup_namespace, "cgroup_namespace", Tag::launch_join,
              "unsharing the cgroup namespace"},
    StageInfo{Stage::session, "session", Tag::launch_session, "starting a session"},
    StageInfo{Stage::keyring, "keyring", Tag::launch_keyring, "taking an empty keyring"},
    StageInfo{Stage::stdio, "stdio", Tag::launch_stdio, "connecting stdin, stdout and stderr"},
    StageInfo{Stage::put, "put", Tag::files_put, "putting files inside"},
    StageInfo{Stage::rlimit, "rlimit", Tag::launch_rlimit, "setting resource limits"},
    StageInfo{Stage::umask, "umask", Tag::launch_init, "setting the umask"},
    StageInfo{Stage::chdir, "chdir", Tag::launch_directory, "entering the working directory"},
    StageInfo{Stage::close_fds, "close_fds", Tag::launch_close_fds, "closing descriptors"},
    StageInfo{Stage::groups, "groups", Tag::launch_ids, "dropping supplementary groups"},
    StageInfo{Stage::ids, "ids", Tag::launch_ids, "changing the ids of the target"},
    StageInfo{Stage::caps, "caps", Tag::launch_capabilities, "dropping capabilities"},
    StageInfo{Stage::signals, "signals", Tag::launch_init, "resetting signals"},
    StageInfo{Stage::no_new_privs, "no_new_privs", Tag::launch_no_new_privs,
              "setting no_new_privs"},
    StageInfo{Stage::seccomp, "seccomp", Tag::launch_seccomp, "loading the seccomp filter"},
    StageInfo{Stage::hand_listener, "hand_listener", Tag::launch_listener,
              "handing over the seccomp listener"},
    StageInfo{Stage::exec, "exec", Tag::program_not_executable, "executing the program"},
};

constexpr bool table_is_in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table.at(i).stage) != i) {
      return false;
    }
  }
  return table.size() == inside::stage_count;
}
static_assert(table_is_in_order(), "the table is indexed by stage");

const StageInfo& info_of(Stage stage) { return table.at(static_cast<std::size_t>(stage)); }

std::string what_failed(const PlanBuilder& builder, const StageInfo& stage, std::size_t index) {
  if (stage.stage == Stage::mount && index < builder.mounts().size()) {
    return fs::describe(builder.mounts()[index]);
  }
  if (stage.stage == Stage::chdir) {
    return fmt::format("entering \"{}\"", builder.plan().directory);
  }
  if (stage.stage == Stage::rlimit || stage.stage == Stage::join_groups) {
    return fmt::format("{} (number {})", stage.doing, index);
  }
  return std::string(stage.doing);
}

bool is_missing_target(const PlanBuilder& builder, std::size_t index) {
  return index < builder.mounts().size() && builder.mounts()[index].kind == fs::OpKind::target;
}

// Kernel: the last stage that makes a process starts the guard of the listener.
bool is_for_want_of_processes(Stage stage, int err) {
  return err == EAGAIN && (stage == Stage::spawn_target || stage == Stage::hand_listener);
}

}  // namespace

const char* const no_more_processes =
    "no more processes may be made: by this user (ulimit -u), or in the cgroup that sandbox is in "
    "(pids.max)";

std::string_view stage_name(Stage stage) {
  return static_cast<std::size_t>(stage) < table.size() ? info_of(stage).name : "unknown";
}

Error stage_error(const policy::Spec& spec, const PlanBuilder& builder,
                  const inside::StageReport& report) {
  if (report.magic != inside::report_magic || report.stage >= inside::stage_count ||
      report.err < 0) {
    return Error(Tag::launch_protocol, "reading a report from inside");
  }
  const StageInfo& stage = info_of(static_cast<Stage>(report.stage));
  if (stage.stage == Stage::mount && is_missing_target(builder, report.index)) {
    return Error(Tag::files_target, what_failed(builder, stage, report.index), report.err)
        .with_stage(stage.name)
        .with_hint(
            "inside a directory of the host what is mounted on must exist; make it there, "
            "or choose a target outside");
  }
  if (stage.stage == Stage::exec) {
    return exec_error(spec, report.err);
  }
  // Kernel: EBUSY: a filter above this one has a listener already (seccomp(2)); one of the two
  // sandboxes has to do without (pitfall 16).
  const bool nested = stage.stage == Stage::seccomp && report.err == EBUSY;
  Error error = Error(nested ? Tag::launch_listener : stage.tag,
                      what_failed(builder, stage, report.index), report.err)
                    .with_stage(stage.name);
  if (is_for_want_of_processes(stage.stage, report.err)) {
    return std::move(error).with_hint(no_more_processes);
  }
  if (stage.stage == Stage::chdir && report.err == EACCES) {
    return std::move(error).with_hint(
        "it is there, but its owner lets nobody else enter: chmod o+x");
  }
  return error;
}

}  // namespace sb::launch
