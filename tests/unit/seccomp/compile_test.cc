#include "seccomp/compile.h"

#include <cerrno>
#include <random>

#include <doctest/doctest.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"
#include "seccomp/evaluate.h"

using namespace sb;
using namespace sb::policy;
using namespace sb::seccomp;

namespace {

using Args = std::array<std::uint64_t, 6>;

constexpr std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;

SyscallPolicy policy_of(const std::string& text) {
  const Result<Profile> profile = parse_profile("[syscalls]\n" + text, "p.toml");
  REQUIRE_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
  Result<SyscallPolicy> policy = resolve_syscalls(*profile);
  REQUIRE_MESSAGE(policy, (policy ? "" : policy.error().to_line()));
  return *std::move(policy);
}

BpfProgram compiled(const SyscallPolicy& policy, KillMode mode) {
  Result<BpfProgram> program = compile(policy, mode);
  REQUIRE_MESSAGE(program, (program ? "" : program.error().to_line()));
  return *std::move(program);
}

std::uint32_t run(const BpfProgram& program, std::uint32_t arch, std::uint32_t number,
                  const Args& args = {}) {
  seccomp_data data{};
  data.arch = arch;
  data.nr = static_cast<int>(number);
  std::copy(args.begin(), args.end(), data.args);
  const std::optional<std::uint32_t> value = evaluate(program, data);
  REQUIRE(value.has_value());
  return *value;
}

std::uint32_t native(const BpfProgram& program, long number, const Args& args = {}) {
  return run(program, AUDIT_ARCH_X86_64, static_cast<std::uint32_t>(number), args);
}

// What the policy says, read off its rules and not off the program.
std::uint32_t expected(const SyscallPolicy& policy, long number, const Args& args) {
  const SyscallRule* rule = find_rule(policy, static_cast<int>(number), args);
  const SyscallAction action = rule != nullptr ? rule->action : policy.default_action;
  switch (action.kind) {
    case ActionKind::allow:
      return SECCOMP_RET_ALLOW;
    case ActionKind::err:
      return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(action.err);
    case ActionKind::kill:
    case ActionKind::notify:
      return SECCOMP_RET_USER_NOTIF;
  }
  return 0;
}

const std::string small =
    "allow = [\"read\", { name = \"socket\", args = [{ index = 0, in = [1, 2] }] }, \"ioctl\"]\n"
    "deny = [{ name = \"mount\", action = \"errno EPERM\" }, { name = \"swapon\", action = \"errno "
    "EACCES\", log = true },\n"
    "  { name = \"bpf\", action = \"log\" },\n"
    "  { name = \"ioctl\", args = [{ index = 1, eq = \"TIOCSTI\" }], action = \"errno EPERM\" }]\n";

}  // namespace

TEST_CASE("compile: each action becomes its return value") {
  const SyscallPolicy policy = policy_of(small);
  const BpfProgram notify = compiled(policy, KillMode::notify);
  CHECK(native(notify, SYS_read) == SECCOMP_RET_ALLOW);
  CHECK(native(notify, SYS_mount) == (SECCOMP_RET_ERRNO | EPERM));
  CHECK(native(notify, SYS_swapon) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(notify, SYS_bpf) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(notify, SYS_reboot) == SECCOMP_RET_USER_NOTIF);
  const BpfProgram kills = compiled(policy, KillMode::kill_process);
  CHECK(native(kills, SYS_read) == SECCOMP_RET_ALLOW);
  CHECK(native(kills, SYS_mount) == (SECCOMP_RET_ERRNO | EPERM));
  CHECK(native(kills, SYS_swapon) == (SECCOMP_RET_ERRNO | EACCES));
  CHECK(native(kills, SYS_bpf) == SECCOMP_RET_KILL_PROCESS);
  CHECK(native(kills, SYS_reboot) == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("compile: p9 a test of an int argument looks at its low half") {
  const BpfProgram program = compiled(policy_of(small), KillMode::notify);
  for (const std::uint64_t high : {0ULL, 1ULL << 32, 1ULL << 63, 0xffffffffULL << 32}) {
    CAPTURE(high);
    CHECK(native(program, SYS_socket, {high | 2}) == SECCOMP_RET_ALLOW);
    CHECK(native(program, SYS_socket, {high | 16}) == SECCOMP_RET_USER_NOTIF);
    CHECK(native(program, SYS_ioctl, {0, high | 0x5412}) == (SECCOMP_RET_ERRNO | EPERM));
    CHECK(native(program, SYS_ioctl, {0, high | 0x5401}) == SECCOMP_RET_ALLOW);
  }
}

TEST_CASE("compile: a wide test looks at all 64 bits") {
  const BpfProgram program =
      compiled(policy_of("allow = [{ name = \"lseek\", args = [{ index = 1, eq = \"0x100000000\", "
                         "wide = true }] },\n"
                         "  { name = \"mmap\", args = [{ index = 1, masked = { mask = "
                         "\"0xff00000000\", value = 0 }, wide = true }] }]\n"),
               KillMode::notify);
  CHECK(native(program, SYS_lseek, {0, 0x100000000}) == SECCOMP_RET_ALLOW);
  CHECK(native(program, SYS_lseek, {0, 0}) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(program, SYS_lseek, {0, 0x100000001}) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(program, SYS_mmap, {0, 0xffffffff}) == SECCOMP_RET_ALLOW);
  CHECK(native(program, SYS_mmap, {0, 0x1ffffffff}) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(program, SYS_mmap, {0, 0x10000000000}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("compile: p10 foreign ABIs never get through") {
  const BpfProgram notify = compiled(policy_of(small), KillMode::notify);
  const BpfProgram kills =
      compiled(policy_of(small + "default = \"errno EPERM\"\n"), KillMode::kill_process);
  for (std::uint32_t number = 0; number <= 600; ++number) {
    CHECK(run(notify, AUDIT_ARCH_I386, number) == SECCOMP_RET_USER_NOTIF);
    CHECK(run(notify, AUDIT_ARCH_AARCH64, number) == SECCOMP_RET_USER_NOTIF);
    CHECK(run(notify, AUDIT_ARCH_X86_64, 0x40000000 | number) == SECCOMP_RET_USER_NOTIF);
    CHECK(run(kills, AUDIT_ARCH_I386, number) == SECCOMP_RET_KILL_PROCESS);
    CHECK(run(kills, AUDIT_ARCH_X86_64, 0x40000000 | number) == SECCOMP_RET_KILL_PROCESS);
  }
  CHECK(run(notify, AUDIT_ARCH_X86_64, 0x80000000) == SECCOMP_RET_USER_NOTIF);
  CHECK(run(notify, AUDIT_ARCH_X86_64, 0xfffffffe) == SECCOMP_RET_USER_NOTIF);
}

TEST_CASE("compile: p12 numbers that this release does not know give ENOSYS") {
  const BpfProgram program = compiled(policy_of(small), KillMode::notify);
  for (const long number :
       {static_cast<long>(highest_syscall) + 1, 512L, 547L, 10'000L, 0x3fffffffL, 337L, 423L}) {
    CAPTURE(number);
    CHECK(native(program, number) == no_such_call);
  }
  CHECK(run(program, AUDIT_ARCH_X86_64, 0xffffffff) == no_such_call);
  CHECK(native(program, highest_syscall) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(program, 336) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(program, 424) == SECCOMP_RET_USER_NOTIF);
}

TEST_CASE("compile: the program says what the policy says") {
  std::mt19937_64 random(3);
  constexpr std::array<std::uint64_t, 8> interesting = {0,      1,          2,       3,
                                                        0x5412, 0x10000011, 0x20000, 0xffffffff};
  for (const char* name : {"default", "c", "go", "strict"}) {
    CAPTURE(name);
    const Result<Profile> profile = load_profile(name);
    REQUIRE(profile);
    const Result<SyscallPolicy> policy = resolve_syscalls(*profile);
    REQUIRE_MESSAGE(policy, (policy ? "" : policy.error().to_line()));
    const BpfProgram program = compiled(*policy, KillMode::notify);
    CHECK(program.instructions.size() < 1'000);
    for (const std::string_view call : syscall_names()) {
      CAPTURE(call);
      const int number = *number_of(call);
      for (int round = 0; round < 60; ++round) {
        Args args{};
        for (std::uint64_t& arg : args) {
          arg = interesting.at(random() % interesting.size());
          arg |= random() % 4 == 0 ? random() << 32 : 0;
        }
        REQUIRE(native(program, number, args) == expected(*policy, number, args));
      }
    }
  }
}

TEST_CASE("compile: many rules of one call need a long jump and get it") {
  std::string values;
  for (int i = 0; i < 300; ++i) {
    values += std::to_string(i * 3) + ", ";
  }
  const BpfProgram program =
      compiled(policy_of("allow = [\"read\", { name = \"prctl\", args = [{ index = 0, in = [" +
                         values + "] }] }]\n"),
               KillMode::notify);
  CHECK(native(program, SYS_prctl, {297}) == SECCOMP_RET_ALLOW);
  CHECK(native(program, SYS_prctl, {897}) == SECCOMP_RET_ALLOW);
  CHECK(native(program, SYS_prctl, {298}) == SECCOMP_RET_USER_NOTIF);
  CHECK(native(program, SYS_read) == SECCOMP_RET_ALLOW);
  CHECK(native(program, SYS_write) == SECCOMP_RET_USER_NOTIF);
}

TEST_CASE("compile: more instructions than the kernel takes are an error") {
  std::string entries;
  for (int call = 0; call < 4; ++call) {
    std::string values;
    for (int i = 0; i < 500; ++i) {
      values += std::to_string(i * 7) + ", ";
    }
    entries += "{ name = \"" + std::string(name_of(call)) + "\", args = [{ index = 0, in = [" +
               values + "] }] },\n";
  }
  const Result<BpfProgram> program =
      compile(policy_of("allow = [" + entries + "]\n"), KillMode::notify);
  REQUIRE_FALSE(program);
  CHECK(program.error().tag() == Tag::seccomp_compile);
}

TEST_CASE("compile: our own waiting call is heard whatever the policy says of kill") {
  constexpr std::uint32_t cookie = 0x53424744;
  for (const char* text :
       {"allow = [\"kill\"]\n", "deny = [{ name = \"kill\", action = \"errno EPERM\" }]\n"}) {
    const Result<BpfProgram> program = compile(policy_of(text), KillMode::notify, cookie);
    REQUIRE(program);
    const std::uint32_t otherwise = native(*program, SYS_kill, {0xffffffff, 9, 0});
    CHECK(otherwise != SECCOMP_RET_USER_NOTIF);
    CHECK(native(*program, SYS_kill, {0xffffffff, 9, cookie}) == SECCOMP_RET_USER_NOTIF);
    CHECK(native(*program, SYS_kill, {0xffffffff, 9, cookie + 1}) == otherwise);
  }
}

TEST_CASE("evaluate: a broken program has no value") {
  const auto value = [](std::vector<sock_filter> code) {
    return evaluate(BpfProgram{std::move(code)}, seccomp_data{});
  };
  CHECK_FALSE(value({}).has_value());
  CHECK_FALSE(
      value({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), BPF_STMT(BPF_RET | BPF_K, 0)}).has_value());
  CHECK_FALSE(
      value({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, 0)}).has_value());
  CHECK_FALSE(value({BPF_STMT(BPF_JMP | BPF_JA, 5), BPF_STMT(BPF_RET | BPF_K, 0)}).has_value());
  CHECK_FALSE(value({BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_RET | BPF_K, 0)}).has_value());
  CHECK(value({BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0), BPF_STMT(BPF_RET | BPF_K, 7)}) == 7);
}
