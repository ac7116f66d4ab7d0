#include "filters/builtin_filters.h"

#include <algorithm>

#include "launch/inside/protocol.h"
#include "policy/profile.h"
#include "policy/resolve_syscalls.h"
#include "policy/set_id_bits.h"
#include "seccomp/compile.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace {

bool same(const sock_filter& a, const sock_filter& b) {
  return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
}

}  // namespace

// Red: a build that does not run make_filters again after a profile changed.
TEST_CASE("the built-in filters are what compiling the profiles gives") {
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
      const auto program =
          sb::seccomp::compile(*policy, sb::seccomp::KillMode::notify, sb::inside::waiting_cookie);
      REQUIRE(program.has_value());
      const auto builtin = sb::filters::builtin_filter(profile->sha256, forbidden);
      REQUIRE(builtin.has_value());
      CHECK(std::equal(builtin->begin(), builtin->end(), program->instructions.begin(),
                       program->instructions.end(), same));
    }
  }
}

TEST_CASE("a profile that is not built in has no built-in filter") {
  CHECK_FALSE(sb::filters::builtin_filter("0000", false).has_value());
}
