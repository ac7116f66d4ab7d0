// Pitfall 15: init and the target are killed at each step between clone and exec. The program must
// never run, the error must name the step, and nothing may be left.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "faults.h"
#include "launch/inside/protocol.h"

using namespace sbtest;
using sb::inside::Stage;

namespace {

// Who is killed where: strace stops it at the call, and the test kills it there.
struct Death {
  Stage stage;
  const char* stage_name;
  const char* call;  // with when=, where an earlier one is not meant
  long number;
  bool target;
  const char* meanwhile = nullptr;
};

constexpr std::array deaths = {
    Death{Stage::await_go, "await_go", "recvfrom", SYS_recvfrom, false},
    Death{Stage::scheduling, "scheduling", "sched_setscheduler", SYS_sched_setscheduler, false},
    Death{Stage::ids_of_init, "ids_of_init", "setresuid", SYS_setresuid, false},
    Death{Stage::pdeathsig, "pdeathsig", "prctl:when=1", SYS_prctl, false},
    Death{Stage::private_mounts, "private_mounts", "mount:when=1", SYS_mount, false},
    Death{Stage::mount, "mount", "mount:when=3", SYS_mount, false},
    Death{Stage::pivot_root, "pivot_root", "pivot_root", SYS_pivot_root, false},
    Death{Stage::loopback, "loopback", "socket", SYS_socket, false},
    Death{Stage::hostname, "hostname", "sethostname", SYS_sethostname, false},
    Death{Stage::await_group, "await_group", "recvmsg", SYS_recvmsg, false},
    Death{Stage::spawn_target, "spawn_target", "clone3", SYS_clone3, false},
    // From here on there are two, and the last step of the target's is what is told.
    Death{Stage::drop_self, "session", "capset:when=1", SYS_capset, false, target_waits_long},
    Death{Stage::confine_self, "session", "seccomp", SYS_seccomp, false, target_waits_long},
    Death{Stage::join_groups, "join_groups", "write:when=1", SYS_write, true},
    Death{Stage::cgroup_namespace, "cgroup_namespace", "unshare", SYS_unshare, true},
    Death{Stage::session, "session", "setsid", SYS_setsid, true},
    Death{Stage::keyring, "keyring", "keyctl", SYS_keyctl, true},
    Death{Stage::stdio, "stdio", "dup3:when=1", SYS_dup3, true},
    Death{Stage::put, "put", "wait4:when=1", SYS_wait4, true},
    Death{Stage::rlimit, "rlimit", "prlimit64:when=1", SYS_prlimit64, true},
    Death{Stage::umask, "umask", "umask:when=1", SYS_umask, true},
    Death{Stage::chdir, "chdir", "chdir", SYS_chdir, true},
    Death{Stage::close_fds, "close_fds", "close_range:when=1", SYS_close_range, true},
    Death{Stage::groups, "groups", "setgroups", SYS_setgroups, true},
    Death{Stage::ids, "ids", "setresuid", SYS_setresuid, true},
    Death{Stage::caps, "caps", "capset:when=1", SYS_capset, true},
    Death{Stage::signals, "signals", "rt_sigaction:when=40", SYS_rt_sigaction, true},
    Death{Stage::no_new_privs, "no_new_privs", "NO_NEW_PRIVS", SYS_prctl, true},
    Death{Stage::seccomp, "seccomp", "seccomp", SYS_seccomp, true},
    Death{Stage::hand_listener, "hand_listener", "clone", SYS_clone, true},
};
// Of exec below; before await_go there is nobody to die.
static_assert(covers_every_stage(deaths, static_cast<uint32_t>(Stage::await_go),
                                 sb::inside::stage_count - 2),
              "a stage without a row: let somebody die here");

// The supervisor, once strace holds it in system call `number`: it has but one pid, and is no
// strace.
pid_t wait_in_call(const Running& running, long number) {
  const double deadline = monotonic_s() + 20 * slow();
  while (monotonic_s() < deadline) {
    for (const pid_t pid : running.descendants()) {
      const std::string folder = "/proc/" + std::to_string(pid);
      if (read_file(folder + "/syscall").rfind(std::to_string(number) + " ", 0) == 0) {
        return pid;
      }
    }
    usleep(2000);
  }
  FAIL("nobody came to make the call");
  return 0;
}

// It waits in its notified call, a child of init's: the second pid inside.
void kill_target(const Running& running) {
  for (const pid_t pid : running.descendants()) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    const std::string numbers = value_of(status, "NSpid").value_or("");
    if (contains(numbers, "\t") && numbers.substr(numbers.rfind('\t') + 1) == "2") {
      REQUIRE(kill(pid, SIGKILL) == 0);
      return;
    }
  }
  FAIL("no target");
}

void expect_deaths(Stage first, Stage last) {
  const Options options = with_strace();
  for (const Death& death : deaths) {
    if (death.stage < first || death.stage > last ||
        // On v2 the target is cloned into its group and has nothing to join.
        (death.stage == Stage::join_groups && !host_has("cgroup1"))) {
      continue;
    }
    CAPTURE(std::string(death.call));
    const std::string call = call_of(death.call);
    const std::size_t colon = std::min(call.find(':'), call.size());
    Words injections = {call.substr(0, colon) + ":delay_enter=1000000" + call.substr(colon)};
    if (death.meanwhile != nullptr) {
      injections.emplace_back(death.meanwhile);
    }
    Words words = {"--wall-time", "20s"};
    if (death.stage == Stage::put) {
      words.insert(words.end(), {"--put", probe("print_args") + ":/tmp"});
    }
    Running running(under_strace(injections, words), options);
    kill_in_call(running, death.number, death.target);
    expect_not_run(running.finish(), "launch.died", death.stage_name);
  }
}

}  // namespace

TEST_CASE("p15 init: killed at any step the program never runs") {
  expect_deaths(Stage::none, Stage::mount);
}

TEST_CASE("p15 init: killed at a later step too") {
  expect_deaths(Stage::pivot_root, Stage::confine_self);
}

// Red: take any stage for exec in on_error_pipe of supervise/supervisor.cc.
TEST_CASE("p15 target: killed at any step the program never runs") {
  expect_deaths(Stage::join_groups, Stage::chdir);
}

// Nothing of ours is left to do then; what kills there, kills the program.
TEST_CASE("p15 target: killed at execve is the programs own death") {
  const Options options = with_strace();
  Running running(under_strace({"execve:delay_enter=1000000"}, {"--wall-time", "20s"}), options);
  kill_in_call(running, SYS_execve, true);
  const Run run = running.finish();
  expect_signal(run, SIGKILL);
  CHECK(run.stdout_bytes().empty());
}

TEST_CASE("p15 target: killed at a later step too") {
  expect_deaths(Stage::close_fds, Stage::exec);
}

// The target dies between its word that it loads the filter and the taking of the listener: by the
// hand of somebody else, which is a failed launch, or of a cancellation, which is none.
// Red: leave is_dying() out of Listener::take(): the error is launch.listener.
TEST_CASE("p15 target: killed before its listener is taken") {
  const Options options = with_strace();
  for (const bool cancelled : {false, true}) {
    CAPTURE(cancelled);
    Running running(under_strace({"pidfd_getfd:delay_enter=1500000"}, {"--wall-time", "20s"}),
                    options);
    const pid_t supervisor = wait_in_call(running, SYS_pidfd_getfd);
    if (cancelled) {
      REQUIRE(kill(supervisor, SIGTERM) == 0);
    }
    kill_target(running);
    const Run run = running.finish();
    INFO(run.describe());
    if (cancelled) {
      expect_status(run, "cancelled", 143);
    } else {
      expect_not_run(run, "launch.died", "hand_listener");
    }
    CHECK(run.stdout_bytes().empty());
  }
}

TEST_CASE("p15 init: killed while the program runs is an error and nothing is left") {
  Running running({"run", "--pass", "--result", "fd:1", "--", "sh", "-c", "echo ready; sleep 60"});
  running.wait_for_output("ready\n");
  pid_t init = 0;
  for (const pid_t pid : running.descendants()) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    const std::string numbers = value_of(status, "NSpid").value_or("");
    init = contains(numbers, "\t") && numbers.substr(numbers.rfind('\t') + 1) == "1" ? pid : init;
  }
  REQUIRE(init != 0);
  REQUIRE(kill(init, SIGKILL) == 0);
  const Run run = running.finish();
  INFO(run.describe());
  CHECK(run.exit_status == 125);
  CHECK(contains(run.out, "\"tag\":\"launch.died\""));
}
