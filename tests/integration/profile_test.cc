// `sandbox profile check` and `profile explain`: what authors of profiles are told.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

Options anywhere() {
  Options options;
  options.needs_host = false;
  return options;
}

Run profile(const Words& words) {
  Words arguments = {"profile"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_sandbox(arguments, anywhere());
}

}  // namespace

TEST_CASE("profile: every built-in one passes check and is explained") {
  const Run list = profile({"list"});
  unsigned count = 0;
  for (const std::string& line : lines_of(list.out)) {
    const std::string name = line.substr(0, line.find(' '));
    CAPTURE(name);
    const Run check = profile({"check", name});
    CHECK(check.exit_status == 0);
    CHECK(check.out.empty());
    const Run shown = profile({"explain", name});
    CHECK(shown.exit_status == 0);
    CHECK(contains(shown.out, "limits.memory"));
    CHECK(contains(shown.out, "default.toml:") != (name == "strict"));
    const Run document = profile({"explain", "--json", name});
    CHECK(document.document.at("profile_sha256").text().size() == 64);
    CHECK(profile({"check", name, "--json"}).document.at("errors").integer() == 0);
    ++count;
  }
  CHECK(count >= 4);
}

TEST_CASE("profile: check tells file line and column and exits 1 for errors") {
  const TempDirectory directory;
  const std::string warned =
      directory.write("warned.toml", "extends = \"c\"\n[limits]\ndisk = \"9G\"\n");
  Run run = profile({"check", warned});
  CHECK(run.exit_status == 0);
  CHECK(run.out == warned +
                       ":3:8: warning: disk (9 GiB) is more than memory (512 MiB): files in memory "
                       "count there, too\n");
  const std::string wrong = directory.write(
      "wrong.toml", "extends = \"c\"\n[syscalls]\nallow = [\"read\"]\ndeny = [\"read\"]\n");
  run = profile({"check", wrong});
  CHECK(run.exit_status == 1);
  CHECK(run.out.starts_with(wrong + ":4:9: error: read is killed here and allowed at " + wrong));
  run = profile({"check", wrong, "--json"});
  CHECK(run.exit_status == 1);
  CHECK(run.document.at("errors").integer() == 1);
  CHECK(run.document.at("findings.0.line").integer() == 4);
  CHECK(run.document.at("findings.0.level").text() == "error");
}

TEST_CASE("profile: what is no profile is one line and status 2") {
  const TempDirectory directory;
  const std::string broken = directory.write("broken.toml", "[limits]\nmemry = 1\n");
  for (const char* verb : {"check", "explain", "show"}) {
    expect_usage_error(profile({verb, broken}), {"broken.toml:2:1", "limits.memory"});
    expect_usage_error(profile({verb, directory.write("binary.toml", std::string("\x7f"
                                                                                 "ELF\0",
                                                                                 5))}),
                       {"binary.toml:1:1"});
    expect_usage_error(profile({verb, "/no/such.toml"}), {"/no/such.toml"});
    expect_usage_error(profile({verb, "defalt"}), {"default"});
    expect_usage_error(profile({verb}), {"one name or file"});
  }
  expect_usage_error(profile({"check", "c", "go"}), {"one name or file"});
  expect_usage_error(profile({"explain", "c", "raed"}), {"raed", "read"});
  expect_usage_error(profile({"explain", "c", "--xml"}), {"--xml"});
  expect_usage_error(profile({"list", "--json"}), {"--json"});
  expect_usage_error(profile({"chek", "c"}), {"check"});
}

TEST_CASE("profile: explain answers for one call") {
  Run run = profile({"explain", "go", "ptrace"});
  CHECK(run.exit_status == 0);
  CHECK(run.out.starts_with("ptrace (101): errno EPERM\n  go.toml:"));
  CHECK(contains(run.out, "set aside: default.toml:"));
  run = profile({"explain", "default", "socketpair", "@swap", "nfsservctl"});
  CHECK(
      contains(run.out, "socketpair (53): allowed if arg0 is AF_UNIX, else errno EAFNOSUPPORT\n"));
  CHECK(contains(run.out, "swapon (167): killed\n"));
  CHECK(contains(run.out, "nfsservctl (180): killed\n"));
  run = profile({"explain", "--json", "go", "ptrace"});
  CHECK(run.document.at("syscalls").size() == 1);
  CHECK(run.document.at("syscalls.0.rules.0.action").text() == "errno EPERM");
}

// Red: print a reason as it is.
TEST_CASE("profile: a hostile reason stays on its line") {
  const TempDirectory directory;
  const std::string hostile =
      directory.write("hostile.toml",
                      "extends = \"c\"\ndescription = \"a\\u001b[2J\\nb\"\n[syscalls]\n"
                      "deny = [{ name = \"ptrace\", why = \"x\\n\\u001b]0;y\\u0007\" }]\n");
  for (const Words& words : {Words{"explain", hostile}, Words{"explain", hostile, "ptrace"}}) {
    const Run run = profile(words);
    CHECK(run.exit_status == 0);
    CHECK(contains(run.out, "x\\x0A\\x1B]0;y"));
    CHECK(run.out.find('\x1b') == std::string::npos);
  }
}
