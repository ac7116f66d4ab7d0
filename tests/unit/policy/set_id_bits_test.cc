#include "policy/profile.h"

#include <cerrno>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "policy/resolve_syscalls.h"
#include "policy/set_id_bits.h"
#include "policy/syscall_table.h"

using namespace sb;
using namespace sb::policy;

namespace {

SyscallPolicy guarded(std::string_view profile) {
  SyscallPolicy policy = *resolve_syscalls(*load_profile(profile));
  forbid_set_id_bits(policy);
  return policy;
}

// The errno that the policy gives; 0 where it allows the call, -1 where it kills.
int answer(const SyscallPolicy& policy, long number, const std::array<std::uint64_t, 6>& args) {
  const SyscallRule* rule = find_rule(policy, static_cast<int>(number), args);
  const SyscallAction action = rule != nullptr ? rule->action : policy.default_action;
  return action.kind == ActionKind::allow ? 0 : action.kind == ActionKind::err ? action.err : -1;
}

}  // namespace

TEST_CASE("set-id bits: no call may give them and all others stay allowed") {
  const SyscallPolicy policy = guarded("default");
  for (const std::uint64_t bit :
       {std::uint64_t{S_ISUID}, std::uint64_t{S_ISGID}, std::uint64_t{S_ISUID | S_ISGID}}) {
    for (const std::uint64_t high : {std::uint64_t{0}, std::uint64_t{0xdead} << 32}) {
      const std::uint64_t mode = high | 0755 | bit;
      const std::uint64_t create = high | O_CREAT | O_RDWR;
      const std::uint64_t unnamed = high | O_TMPFILE | O_RDWR;
      CHECK(answer(policy, SYS_chmod, {1, mode}) == EPERM);
      CHECK(answer(policy, SYS_fchmod, {1, mode}) == EPERM);
      CHECK(answer(policy, SYS_fchmodat, {1, 1, mode}) == EPERM);
      CHECK(answer(policy, *number_of("fchmodat2"), {1, 1, mode}) == EPERM);
      CHECK(answer(policy, SYS_creat, {1, mode}) == EPERM);
      CHECK(answer(policy, SYS_mknod, {1, mode | S_IFREG}) == EPERM);
      CHECK(answer(policy, SYS_mknodat, {1, 1, mode | S_IFREG}) == EPERM);
      CHECK(answer(policy, SYS_open, {1, create, mode}) == EPERM);
      CHECK(answer(policy, SYS_open, {1, unnamed, mode}) == EPERM);
      CHECK(answer(policy, SYS_openat, {1, 1, create, mode}) == EPERM);
      CHECK(answer(policy, SYS_openat, {1, 1, unnamed, mode}) == EPERM);
    }
  }
  CHECK(answer(policy, *number_of("openat2"), {1, 1, 1, 24}) == ENOSYS);
  CHECK(answer(policy, SYS_chmod, {1, 01777}) == 0);
  CHECK(answer(policy, SYS_open, {1, O_CREAT | O_RDWR, 0777}) == 0);
  // Without O_CREAT the mode is whatever was in the register; O_DIRECTORY is a bit of O_TMPFILE.
  CHECK(answer(policy, SYS_openat, {1, 1, O_RDONLY | O_DIRECTORY, 07777}) == 0);
  CHECK(answer(policy, SYS_mkdir, {1, 07777}) == 0);
}

TEST_CASE("set-id bits: what a profile refuses anyhow stays refused its way") {
  SyscallPolicy policy;
  policy.default_action = {ActionKind::kill, 0};
  forbid_set_id_bits(policy);
  CHECK(policy.rules.empty());
  policy.default_action = {ActionKind::allow, 0};
  forbid_set_id_bits(policy);
  CHECK(answer(policy, SYS_chmod, {1, 04755}) == EPERM);
  CHECK(answer(policy, SYS_chmod, {1, 0755}) == 0);
}
