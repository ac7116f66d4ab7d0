#include "policy/resolve_syscalls.h"

#include <cerrno>

#include <doctest/doctest.h>
#include <sys/syscall.h>

using namespace sb;
using namespace sb::policy;

namespace {

using Args = std::array<std::uint64_t, 6>;

constexpr SyscallAction allow{ActionKind::allow, 0};
constexpr SyscallAction kill_it{ActionKind::kill, 0};
constexpr SyscallAction refuse(int err) { return {ActionKind::err, err}; }

Profile parsed(std::initializer_list<std::string_view> texts) {
  Profile profile;
  int file = 0;
  for (const std::string_view text : texts) {
    Result<Profile> next =
        parse_profile("[syscalls]\n" + std::string(text), "p" + std::to_string(++file) + ".toml");
    REQUIRE_MESSAGE(next, (next ? "" : next.error().to_line()));
    merge_profile(profile, *std::move(next));
  }
  return profile;
}

SyscallPolicy resolved(std::initializer_list<std::string_view> texts) {
  Result<SyscallPolicy> policy = resolve_syscalls(parsed(texts));
  REQUIRE_MESSAGE(policy, (policy ? "" : policy.error().to_line()));
  return *std::move(policy);
}

SyscallAction decide(const SyscallPolicy& policy, int number, const Args& args = {}) {
  const SyscallRule* rule = find_rule(policy, number, args);
  return rule != nullptr ? rule->action : policy.default_action;
}

void check_contradiction(std::string_view text, std::string_view place) {
  const Result<SyscallPolicy> policy = resolve_syscalls(parsed({text}));
  REQUIRE_FALSE(policy);
  CHECK(policy.error().tag() == Tag::profile_value);
  CAPTURE(policy.error().message());
  CHECK(policy.error().message().starts_with(place));
}

}  // namespace

TEST_CASE("resolve syscalls: groups become numbers and the rest gets the default") {
  const SyscallPolicy policy = resolved({"allow = [\"@basic-io\"]\n"});
  CHECK(decide(policy, SYS_read) == allow);
  CHECK(decide(policy, SYS_openat) == kill_it);
}

TEST_CASE("resolve syscalls: a name wins over a group of the same file") {
  const SyscallPolicy policy =
      resolved({"allow = [\"@network-io\", { name = \"socket\", args = [{ index = 0, eq = "
                "\"AF_UNIX\" }] }]\n"
                "deny = [{ name = \"bind\", action = \"errno EACCES\" }]\n"});
  CHECK(decide(policy, SYS_socket, {1}) == allow);
  CHECK(decide(policy, SYS_socket, {2}) == kill_it);
  CHECK(decide(policy, SYS_bind) == refuse(EACCES));
  CHECK(decide(policy, SYS_listen) == allow);
}

TEST_CASE("resolve syscalls: a later file decides the calls it mentions") {
  const SyscallPolicy policy = resolved(
      {"allow = [\"ptrace\", \"mount\"]\ndeny = [{ name = \"socket\", action = \"errno EPERM\" "
       "}]\n",
       "allow = [\"@network-io\"]\ndeny = [{ name = \"ptrace\", action = \"errno ENOSYS\" }]\n"});
  CHECK(decide(policy, SYS_ptrace) == refuse(ENOSYS));
  CHECK(decide(policy, SYS_mount) == allow);
  CHECK(decide(policy, SYS_socket, {17}) == allow);
}

TEST_CASE("resolve syscalls: allow with tests and deny without stand side by side") {
  const SyscallPolicy policy =
      resolved({"allow = [{ name = \"clone\", args = [{ index = 0, masked = { mask = "
                "\"CLONE_NEWUSER\", value = 0 } }] }]\n"
                "deny = [{ name = \"clone\", action = \"errno EPERM\", why = \"reason\" }]\n"});
  CHECK(decide(policy, SYS_clone, {0x11}) == allow);
  CHECK(decide(policy, SYS_clone, {0x10000011}) == refuse(EPERM));
  CHECK(find_rule(policy, SYS_clone, {0x10000011})->why == "reason");
}

TEST_CASE("resolve syscalls: deny with tests and allow without stand side by side") {
  const SyscallPolicy policy =
      resolved({"allow = [\"ioctl\"]\n"
                "deny = [{ name = \"ioctl\", args = [{ index = 1, eq = \"TIOCSTI\" }], action = "
                "\"errno EPERM\" }]\n"});
  CHECK(decide(policy, SYS_ioctl, {0, 0x5412}) == refuse(EPERM));
  CHECK(decide(policy, SYS_ioctl, {0, 0x5401}) == allow);
}

TEST_CASE("resolve syscalls: p9 int arguments are compared in their low half") {
  const SyscallPolicy policy =
      resolved({"allow = [\"ioctl\", { name = \"dup2\", args = [{ index = 0, eq = -1 }] }, "
                "{ name = \"lseek\", args = [{ index = 1, eq = \"0x100000001\", wide = true }] }]\n"
                "deny = [{ name = \"ioctl\", args = [{ index = 1, eq = \"TIOCSTI\" }], action = "
                "\"errno EPERM\" }]\n"});
  CHECK(decide(policy, SYS_ioctl, {0, 0x1'0000'5412}) == refuse(EPERM));
  CHECK(decide(policy, SYS_ioctl, {0, 0xffff'ffff'0000'5412}) == refuse(EPERM));
  CHECK(decide(policy, SYS_dup2, {0xffffffff}) == allow);
  CHECK(decide(policy, SYS_dup2, {~std::uint64_t{0}}) == allow);
  CHECK(decide(policy, SYS_lseek, {0, 0x100000001}) == allow);
  CHECK(decide(policy, SYS_lseek, {0, 1}) == kill_it);
}

TEST_CASE("resolve syscalls: several tests and values of one entry") {
  const SyscallPolicy policy =
      resolved({"allow = [{ name = \"socket\", args = [{ index = 0, in = [1, 2] }, { index = 1, in "
                "= [3, 4] }] }]\n"});
  CHECK(decide(policy, SYS_socket, {2, 3}) == allow);
  CHECK(decide(policy, SYS_socket, {1, 4}) == allow);
  CHECK(decide(policy, SYS_socket, {3, 3}) == kill_it);
  CHECK(decide(policy, SYS_socket, {1, 1}) == kill_it);
}

TEST_CASE("resolve syscalls: contradictions are errors with a place") {
  check_contradiction("allow = [\"mount\"]\ndeny = [\"mount\"]\n",
                      "p1.toml:3:9: syscalls.deny: mount");
  check_contradiction("allow = [\"@mount\"]\ndeny = [\"@privileged\"]\n", "p1.toml:3:9:");
  check_contradiction("deny = [{ name = \"mount\", action = \"errno EPERM\" }, \"mount\"]\n",
                      "p1.toml:2:");
  check_contradiction(
      "allow = [{ name = \"socket\", args = [{ index = 0, eq = 1 }] }]\n"
      "deny = [{ name = \"socket\", args = [{ index = 1, eq = 1 }], action = \"errno EPERM\" }]\n",
      "p1.toml:3:9:");
  const SyscallPolicy disjoint = resolved(
      {"allow = [{ name = \"socket\", args = [{ index = 0, eq = 1 }, { index = 1, eq = 2 }] }]\n"
       "deny = [{ name = \"socket\", args = [{ index = 1, eq = 1 }], action = \"errno EPERM\" "
       "}]\n"});
  CHECK(decide(disjoint, SYS_socket, {1, 1}) == refuse(EPERM));
}

TEST_CASE("resolve syscalls: on_violation changes the default alone") {
  Profile profile = parsed(
      {"default = \"kill\"\ndeny = [\"mount\", { name = \"swapon\", action = \"kill\" }]\n"});
  const Origin origin{"--on-violation", 0, 0};
  REQUIRE(set_option(profile, "syscalls.on_violation", "errno", origin));
  const Result<SyscallPolicy> policy = resolve_syscalls(profile);
  REQUIRE(policy);
  CHECK(decide(*policy, SYS_reboot) == refuse(EPERM));
  CHECK(decide(*policy, SYS_mount) == refuse(EPERM));
  CHECK(decide(*policy, SYS_swapon) == kill_it);
}

TEST_CASE("resolve syscalls: log lists refusals but not ENOSYS") {
  const SyscallPolicy policy =
      resolved({"log = true\ndefault = \"errno EPERM\"\ndeny = [{ name = \"mount\", action = "
                "\"errno EACCES\" }, "
                "{ name = \"swapon\", action = \"errno ENOSYS\" }]\n"});
  CHECK(decide(policy, SYS_mount) == SyscallAction{ActionKind::notify, EACCES});
  CHECK(decide(policy, SYS_reboot) == SyscallAction{ActionKind::notify, EPERM});
  CHECK(decide(policy, SYS_swapon) == refuse(ENOSYS));
  CHECK(decide(policy, SYS_clone3) == refuse(ENOSYS));
}

TEST_CASE("resolve syscalls: p11 clone3 is ENOSYS unless it is named") {
  CHECK(decide(resolved({"default = \"kill\"\n"}), SYS_clone3) == refuse(ENOSYS));
  CHECK(decide(resolved({"allow = [\"@process\"]\n"}), SYS_clone3) == refuse(ENOSYS));
  CHECK(decide(resolved({"allow = [\"clone3\"]\n"}), SYS_clone3) == allow);
}

TEST_CASE("resolve syscalls: pid 1 is out of reach in every profile") {
  const SyscallPolicy policy = resolved(
      {"allow = [\"prlimit64\", \"sched_setparam\", \"sched_setscheduler\", \"sched_setattr\", "
       "\"sched_setaffinity\", \"setpriority\", { name = \"ioprio_set\", args = [{ index = 1, in = "
       "[0, 1] }] }]\n"});
  for (const int number : {SYS_prlimit64, SYS_sched_setparam, SYS_sched_setscheduler,
                           SYS_sched_setattr, SYS_sched_setaffinity}) {
    CAPTURE(number);
    CHECK(decide(policy, number, {1}) == refuse(EPERM));
    CHECK(decide(policy, number, {0xabcd'0000'0001}) == refuse(EPERM));
    CHECK(decide(policy, number, {0}) == allow);
    CHECK(decide(policy, number, {2, 1}) == allow);
  }
  CHECK(decide(policy, SYS_setpriority, {0, 1}) == refuse(EPERM));
  CHECK(decide(policy, SYS_setpriority, {1, 1}) == refuse(EPERM));
  CHECK(decide(policy, SYS_setpriority, {2, 0}) == refuse(EPERM));
  CHECK(decide(policy, SYS_setpriority, {0, 0}) == allow);
  CHECK(decide(policy, SYS_setpriority, {0, 2}) == allow);
  CHECK(decide(policy, SYS_ioprio_set, {1, 1}) == refuse(EPERM));
  CHECK(decide(policy, SYS_ioprio_set, {3, 0}) == refuse(EPERM));
  CHECK(decide(policy, SYS_ioprio_set, {1, 0}) == allow);
}

TEST_CASE("resolve syscalls: pid 1 is out of reach where violations are only logged") {
  Profile profile = parsed({"default = \"log\"\n"});
  const Result<SyscallPolicy> policy = resolve_syscalls(profile);
  REQUIRE(policy);
  CHECK(decide(*policy, SYS_prlimit64, {1}) == refuse(EPERM));
  CHECK(decide(*policy, SYS_prlimit64, {0}) == SyscallAction{ActionKind::notify, 0});
}

TEST_CASE("resolve syscalls: a refused call stays what the profile says for pid 1 too") {
  const SyscallPolicy policy =
      resolved({"deny = [{ name = \"prlimit64\", action = \"errno ENOSYS\" }]\n"});
  CHECK(decide(policy, SYS_prlimit64, {1}) == refuse(ENOSYS));
  CHECK(decide(policy, SYS_setpriority, {0, 1}) == kill_it);
}
