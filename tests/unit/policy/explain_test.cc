#include "policy/explain.h"

#include <algorithm>

#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

Profile parsed(std::string_view text) {
  Result<Profile> profile = parse_profile(text, "p.toml");
  REQUIRE_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
  return *std::move(profile);
}

ExplainedCall call_of(const Profile& profile, std::string_view name) {
  const auto calls = explain_syscalls(profile);
  REQUIRE(calls);
  const auto at = std::find_if(calls->begin(), calls->end(),
                               [&](const ExplainedCall& call) { return call.name == name; });
  REQUIRE(at != calls->end());
  return *at;
}

}  // namespace

TEST_CASE("explain: each setting with its place") {
  const Profile profile = parsed(
      "[limits]\nmemory = 1073741824\nwall_time = \"90s\"\n"
      "file_size = 1000\ncpus = 1.5\nstack = \"none\"\n"
      "[environment]\nset = { A = \"x\" }\n");
  std::string text;
  for (const auto& [key, value, origin] : explain_settings(profile)) {
    text += key + " " + value + " " + origin.to_string() + "\n";
  }
  CHECK(text ==
        "limits.wall_time 1m30s p.toml:3:13\n"
        "limits.memory 1GiB p.toml:2:10\n"
        "limits.file_size 1000 p.toml:4:13\n"
        "limits.stack none p.toml:6:9\n"
        "limits.cpus 1.500 p.toml:5:8\n"
        "environment.set.A x p.toml:8:13\n");
}

// Red: describe rules in place of entries: each of AF_UNIX and AF_INET on its own.
TEST_CASE("explain: tests of arguments in words") {
  const Profile profile = parsed(R"([syscalls]
allow = [{ name = "socket", args = [{ index = 0, in = ["AF_UNIX", "AF_INET"] }, { index = 1, masked = { mask = 15, value = "SOCK_STREAM" } }] },
 { name = "clone", args = [{ index = 0, masked = { mask = "CLONE_NEWNS|CLONE_NEWUSER", value = 0 } }] },
 { name = "openat", args = [{ index = 2, masked = { mask = "O_CREAT", value = "O_CREAT" } }] }]
deny = [{ name = "socket", action = "errno EPERM", why = "others" }]
)");
  CHECK(verdict_on(call_of(profile, "socket")) ==
        "allowed if arg0 is AF_UNIX or AF_INET and arg1 & 15 is SOCK_STREAM, else errno EPERM");
  CHECK(verdict_on(call_of(profile, "clone")) ==
        "allowed if arg0 has nothing of CLONE_NEWNS|CLONE_NEWUSER, else killed");
  CHECK(verdict_on(call_of(profile, "openat")) ==
        "allowed if arg2 has all of O_CREAT, else killed");
  const ExplainedCall socket = call_of(profile, "socket");
  CHECK(socket.rules.back().why == "others");
  CHECK(socket.rules.back().origin.to_string() == "p.toml:5:9");
  CHECK(call_of(profile, "clone").rules.back().is_default);
}

TEST_CASE("explain: the entry in force and those set aside") {
  const Result<Profile> go = load_profile("go");
  REQUIRE(go);
  const ExplainedCall ptrace = call_of(*go, "ptrace");
  CHECK(verdict_on(ptrace) == "errno EPERM");
  CHECK(ptrace.rules.front().origin.source == "go.toml");
  REQUIRE(ptrace.set_aside.size() == 1);
  CHECK(ptrace.set_aside.front().origin.source == "default.toml");
  CHECK(ptrace.set_aside.front().action.kind == ActionKind::kill);
  CHECK(call_of(*go, "write").rules.front().name == "@base");
  const ExplainedCall prlimit = call_of(*go, "prlimit64");
  CHECK(prlimit.rules.front().origin.source.empty());
  CHECK(verdict_on(prlimit) == "errno EPERM if arg0 is 1, else allowed");
}

// Red: leave the rules of every profile out.
TEST_CASE("explain: every built-in profile in the words of its own rules") {
  for (const std::string& name : builtin_profile_names()) {
    const Result<Profile> profile = load_profile(name);
    REQUIRE(profile);
    const auto calls = explain_syscalls(*profile);
    const auto policy = resolve_syscalls(*profile);
    REQUIRE((calls && policy));
    for (const SyscallRule& rule : policy->rules) {
      const auto call = std::find_if(calls->begin(), calls->end(), [&](const ExplainedCall& other) {
        return other.number == rule.number;
      });
      CAPTURE(rule.name);
      REQUIRE(call != calls->end());
      CHECK(std::any_of(call->rules.begin(), call->rules.end(), [&](const ExplainedRule& other) {
        return other.action == rule.action && other.why == rule.why &&
               other.condition.empty() == rule.args.empty();
      }));
      CHECK(call->rules.back().condition.empty());
    }
  }
}
