#include "policy/oci_seccomp.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <doctest/doctest.h>
#include <sys/syscall.h>

#include "policy/oci_condition.h"
#include "policy/resolve_syscalls.h"

using namespace sb;
using namespace sb::policy;

namespace {

constexpr SyscallAction allow{ActionKind::allow, 0};
constexpr SyscallAction refuse(int err) { return {ActionKind::err, err}; }

// As Docker's own profile has them, in its way of writing.
constexpr std::string_view docker = R"({
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
  "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
  "syscalls": [
    {"names": ["read", "write", "_llseek", "arm_sync_file_range", "prlimit64"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 4294967295, "op": "SCMP_CMP_EQ"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
     "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390", "s390x"]}},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["s390", "s390x"]}},
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["mount", "bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}
  ]
})";

SyscallPolicy resolved(std::string_view text) {
  Result<OciPolicy> read = read_oci_seccomp(text, "d.json");
  REQUIRE_MESSAGE(read, (read ? "" : read.error().to_line()));
  Profile profile;
  profile.syscalls.default_action = {read->default_action, {}};
  profile.syscalls.layers.push_back(read->layer);
  Result<SyscallPolicy> policy = resolve_syscalls(profile);
  REQUIRE_MESSAGE(policy, (policy ? "" : policy.error().to_line()));
  return *std::move(policy);
}

SyscallAction decide(const SyscallPolicy& policy, int number,
                     std::array<std::uint64_t, 6> args = {}) {
  const SyscallRule* rule = find_rule(policy, number, args);
  return rule != nullptr ? rule->action : policy.default_action;
}

Tag tag_of(std::string_view text) {
  const Result<OciPolicy> read = read_oci_seccomp(text, "d.json");
  REQUIRE_FALSE(read);
  CHECK(read.error().message().starts_with("d.json:"));
  return read.error().tag();
}

bool holds(const std::vector<MaskedValue>& any_of, std::uint64_t arg) {
  for (const MaskedValue& one : any_of) {
    if ((arg & one.mask) == one.value) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("oci: the profile of Docker means what it means there without capabilities") {
  const SyscallPolicy policy = resolved(docker);
  CHECK(decide(policy, SYS_read) == allow);
  CHECK(decide(policy, SYS_ptrace) == allow);
  CHECK(decide(policy, SYS_mount) == refuse(EPERM));
  CHECK(decide(policy, SYS_openat) == refuse(EPERM));
  CHECK(decide(policy, SYS_socket, {2}) == allow);
  CHECK(decide(policy, SYS_socket, {39}) == allow);
  CHECK(decide(policy, SYS_socket, {41}) == allow);
  CHECK(decide(policy, SYS_socket, {40}) == refuse(EPERM));
  CHECK(decide(policy, SYS_personality, {0}) == allow);
  CHECK(decide(policy, SYS_personality, {0xffffffff}) == allow);
  CHECK(decide(policy, SYS_personality, {1}) == refuse(EPERM));
  CHECK(decide(policy, SYS_clone, {0x11}) == allow);
  CHECK(decide(policy, SYS_clone, {0x10000011}) == refuse(EPERM));
  CHECK(decide(policy, SYS_clone3) == refuse(ENOSYS));
  CHECK(decide(policy, SYS_prlimit64, {1}) == refuse(EPERM));  // as in every profile
}

TEST_CASE("oci: p9 high bits of an int pass no rule") {
  const SyscallPolicy policy = resolved(docker);
  for (const std::uint64_t high : {1ULL << 32, 1ULL << 63, 0xffffffffULL << 32}) {
    CHECK(decide(policy, SYS_socket, {high | 40}) == refuse(EPERM));
    CHECK(decide(policy, SYS_clone, {high | 0x10000000}) == refuse(EPERM));
  }
  const SyscallPolicy refusing = resolved(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}]},
    {"names": ["prctl"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_LE"}]}]})");
  CHECK(decide(refusing, SYS_ioctl, {0, 0x5412}) == refuse(EPERM));
  CHECK(decide(refusing, SYS_ioctl, {0, 1ULL << 32 | 0x5412}) == refuse(EPERM));
  CHECK(decide(refusing, SYS_prctl, {1ULL << 32 | 3}) == refuse(EPERM));
  CHECK(decide(refusing, SYS_ioctl, {0, 0x5401}) == allow);
  CHECK(decide(refusing, SYS_mount) == allow);
  CHECK(decide(refusing, SYS_clone3) == refuse(ENOSYS));
  CHECK(decide(refusing, SYS_prlimit64, {1}) == refuse(EPERM));
}

TEST_CASE("oci: every operator is what it says on small values") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2'000; ++round) {
    const std::uint64_t value = random() % 3 == 0 ? random() & 0xffffffff : random() % 9;
    const std::uint64_t arg = random() % 2 == 0 ? value + random() % 5 - 2 : random() & 0xffffffff;
    const std::uint64_t low = arg & 0xffffffff;
    for (const bool grants : {false, true}) {
      CAPTURE(value);
      CAPTURE(low);
      CHECK(holds(*masked_values("SCMP_CMP_EQ", value, 0, grants), low) == (low == value));
      CHECK(holds(*masked_values("SCMP_CMP_NE", value, 0, grants), low) == (low != value));
      CHECK(holds(*masked_values("SCMP_CMP_LT", value, 0, grants), low) == (low < value));
      CHECK(holds(*masked_values("SCMP_CMP_LE", value, 0, grants), low) == (low <= value));
      CHECK(holds(*masked_values("SCMP_CMP_GT", value, 0, grants), low) == (low > value));
      CHECK(holds(*masked_values("SCMP_CMP_GE", value, 0, grants), low) == (low >= value));
    }
    // With a high half: what grants holds for none, what refuses for all that the low half or
    // the whole would have it hold for.
    const std::uint64_t dressed = low | (random() | 1) << 32;
    for (const char* op : {"SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",
                           "SCMP_CMP_GT", "SCMP_CMP_GE"}) {
      CAPTURE(op);
      CHECK_FALSE(holds(*masked_values(op, value, 0, true), dressed));
      if (holds(*masked_values(op, value, 0, false), low)) {
        CHECK(holds(*masked_values(op, value, 0, false), dressed));
      }
    }
  }
}

TEST_CASE("oci: values of more than 32 bits are compared whole") {
  const std::uint64_t value = 0x1'0000'0005;
  for (const bool grants : {false, true}) {
    CHECK(holds(*masked_values("SCMP_CMP_EQ", value, 0, grants), value));
    CHECK_FALSE(holds(*masked_values("SCMP_CMP_EQ", value, 0, grants), 5));
    CHECK(holds(*masked_values("SCMP_CMP_GE", value, 0, grants), ~std::uint64_t{0}));
    CHECK_FALSE(holds(*masked_values("SCMP_CMP_GE", value, 0, grants), value - 1));
    CHECK(holds(*masked_values("SCMP_CMP_LT", value, 0, grants), value - 1));
  }
  CHECK(masked_values("SCMP_CMP_LT", 0, 0, true)->empty());
  CHECK(masked_values("SCMP_CMP_MASKED_EQ", 1, 2, true)->empty());
  CHECK_FALSE(masked_values("SCMP_CMP_WHAT", 0, 0, true).has_value());
}

TEST_CASE("oci: tests of one argument are joined by or as runc has it") {
  const SyscallPolicy policy = resolved(R"({"defaultAction": "SCMP_ACT_KILL", "syscalls": [
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
    {"names": ["bind"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 0, "op": "SCMP_CMP_LT"}]}]})");
  CHECK(decide(policy, SYS_socket, {1}) == allow);
  CHECK(decide(policy, SYS_socket, {2}) == allow);
  CHECK(decide(policy, SYS_socket, {3}).kind == ActionKind::kill);
  CHECK(decide(policy, SYS_bind, {1, 0}).kind == ActionKind::kill);
}

TEST_CASE("oci: what has no meaning here is refused") {
  CHECK(tag_of("{") == Tag::profile_syntax);
  CHECK(tag_of("{}") == Tag::profile_value);
  CHECK(tag_of("[]") == Tag::profile_value);
  CHECK(tag_of(std::string(100'000, '[')) == Tag::profile_syntax);
  const auto with = [](std::string_view entry) {
    return R"({"defaultAction": "SCMP_ACT_KILL", "syscalls": [)" + std::string(entry) + "]}";
  };
  CHECK(tag_of(R"({"defaultAction": "SCMP_ACT_NOTIFY"})") == Tag::profile_value);
  CHECK(tag_of(with(R"({"names": ["wirte"], "action": "SCMP_ACT_ALLOW"})")) ==
        Tag::profile_unknown_syscall);
  CHECK(tag_of(with(R"({"action": "SCMP_ACT_ALLOW"})")) == Tag::profile_value);
  CHECK(tag_of(with(R"({"names": ["read"], "action": "SCMP_ACT_TRACE"})")) == Tag::profile_value);
  CHECK(tag_of(with(R"({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0})")) ==
        Tag::profile_value);
  CHECK(
      tag_of(with(
          R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]})")) ==
      Tag::profile_value);
  CHECK(
      tag_of(with(
          R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]})")) ==
      Tag::profile_value);
  CHECK(
      tag_of(with(
          R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "EQ"}]})")) ==
      Tag::profile_value);
}

TEST_CASE("import: an OCI object replaces what is inherited and the file itself wins over it") {
  std::string folder = (std::filesystem::temp_directory_path() / "import.XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const auto write = [&](const std::string& name, std::string_view text) {
    std::ofstream(folder + "/" + name) << text;
    return folder + "/" + name;
  };
  write("d.json", docker);
  const std::string text =
      "extends = \"default\"\n[syscalls]\n"
      "deny = [{ name = \"write\", action = \"errno EBADF\" }]\nimport = \"d.json\"\n";
  const std::string path = write("p.toml", text);
  const Result<Profile> profile = load_profile(path);
  REQUIRE_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
  const Result<SyscallPolicy> policy = resolve_syscalls(*profile);
  REQUIRE(policy);
  CHECK(decide(*policy, SYS_read) == allow);
  CHECK(decide(*policy, SYS_write) == refuse(EBADF));
  CHECK(decide(*policy, SYS_openat) == refuse(EPERM));  // allowed by the extended profile
  const std::string sha256 = profile->sha256;
  write("d.json", std::string(docker) + "\n");
  CHECK(load_profile(path)->sha256 != sha256);

  Profile option_profile = *load_profile("default");
  const Origin option{"--syscalls", 0, 0};
  REQUIRE(set_option(
      option_profile, "syscalls.import",
      write("f.toml", "[syscalls]\ndeny = [{ name = \"read\", action = \"errno EIO\" }]\n"),
      option));
  const Result<SyscallPolicy> fragment = resolve_syscalls(option_profile);
  REQUIRE(fragment);
  CHECK(decide(*fragment, SYS_read) == refuse(EIO));
  CHECK(decide(*fragment, SYS_write) == allow);
  for (const char* bad : {"[limits]\nmemory = 1\n", "[syscalls]\nimport = \"f.toml\"\n"}) {
    CHECK_FALSE(set_option(option_profile, "syscalls.import", write("g.toml", bad), option));
  }
  const Result<Done> missing =
      set_option(option_profile, "syscalls.import", folder + "/no.json", option);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().tag() == Tag::profile_unreadable);
  CHECK_FALSE(set_option(option_profile, "syscalls.import", "policy", option));
  std::filesystem::remove_all(folder);
}
