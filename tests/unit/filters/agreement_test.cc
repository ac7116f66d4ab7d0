// Every built-in profile's filter against what its policy says, and what libseccomp makes of the
// same tests: every call number, and the edges of every argument that a rule looks at.
#include "fuzz/filter_agreement.h"

#include <optional>

#include "filters/builtin_filters.h"
#include "launch/inside/protocol.h"
#include "policy/profile.h"
#include "policy/resolve_syscalls.h"
#include "policy/set_id_bits.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace {

using sb::seccomp::KillMode;

constexpr std::uint64_t many_calls = 10'000;
constexpr std::uint64_t many_tested_calls = 1'000;

void agree(const sb::policy::SyscallPolicy& policy, std::span<const sock_filter> program,
           KillMode mode) {
  const std::uint32_t cookie = mode == KillMode::notify ? sb::inside::waiting_cookie : 0;
  const sbfuzz::Agreement ours = sbfuzz::compare(policy, program, mode, cookie);
  CHECK(ours.first_mismatch == "");
  CHECK(ours.calls > many_calls);
  const sbfuzz::Agreement with_libseccomp = sbfuzz::compare_with_libseccomp(policy, program, mode);
  CHECK(with_libseccomp.first_mismatch == "");
  CHECK(with_libseccomp.calls > many_tested_calls);
}

}  // namespace

// Red: compare_half() (seccomp/prologue.cc) looks at the high half only where it has a mask of all
// bits; or `hole_first` is 336.
TEST_CASE("filters: p9 p10 p12 each built-in one does what its policy and libseccomp say") {
  for (const std::string& name : sb::policy::builtin_profile_names()) {
    CAPTURE(name);
    const auto profile = sb::policy::load_profile(name);
    REQUIRE(profile.has_value());
    auto policy = sb::policy::resolve_syscalls(*profile);
    REQUIRE(policy.has_value());
    for (const bool forbidden : {false, true}) {
      CAPTURE(forbidden);
      if (forbidden) {
        sb::policy::forbid_set_id_bits(*policy);
      }
      const auto program = sb::filters::builtin_filter(profile->sha256, forbidden);
      REQUIRE(program.has_value());
      agree(*policy, *program, KillMode::notify);
    }
    const auto kills = sb::seccomp::compile(*policy, KillMode::kill_process);
    REQUIRE(kills.has_value());
    agree(*policy, kills->instructions, KillMode::kill_process);
  }
}
