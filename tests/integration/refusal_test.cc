// What is refused before anything runs: one clear line with position and nearest name, exit 2.
// And p14: what a strict profile leaves is enough to start.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

Run with_profile(const std::string& content, const Words& command = {"true"}) {
  const TempDirectory directory;
  const std::string file = directory.write("own.toml", content);
  return run_target({"--profile", file}, command);
}

constexpr const char* head = "schema = \"sandbox.profile/v1\"\nextends = \"default\"\n";

}  // namespace

TEST_CASE("profile: a typo names its place and the nearest key") {
  expect_usage_error(with_profile(std::string(head) + "[limits]\nmemroy = \"64M\"\n"),
                     {"own.toml", ":4:1", "memroy", "memory"});
  expect_usage_error(with_profile(std::string(head) + "[limit]\nmemory = \"64M\"\n"),
                     {"own.toml", ":3:", "limit", "limits"});
  expect_usage_error(with_profile("schema = \"sandbox.profile/v1\"\nextend = \"default\"\n"),
                     {":2:1", "extend", "extends"});
}

TEST_CASE("profile: a syntax error names its place") {
  expect_usage_error(with_profile(std::string(head) + "[limits\nmemory = 1\n"),
                     {"own.toml", ":3:"});
  expect_usage_error(with_profile(std::string(head) + "[limits]\nmemory = \n"),
                     {"own.toml", ":4:"});
}

TEST_CASE("profile: values that are none") {
  expect_usage_error(with_profile(std::string(head) + "[limits]\nmemory = \"lots\"\n"),
                     {":4:", "memory", "lots"});
  expect_usage_error(with_profile(std::string(head) + "[limits]\nprocesses = -1\n"),
                     {":4:", "processes"});
  expect_usage_error(with_profile(std::string(head) + "[network]\nmode = \"lopback\"\n"),
                     {":4:", "lopback", "loopback"});
  expect_usage_error(with_profile("schema = \"sandbox.profile/v9\"\n"), {":1:", "v9"});
}

TEST_CASE("profile: an unknown call names its place and the nearest one") {
  expect_usage_error(with_profile(std::string(head) + "[syscalls]\nallow = [\"opnat\"]\n"),
                     {":4:", "opnat", "openat"});
  expect_usage_error(with_profile(std::string(head) + "[syscalls]\nallow = [\"@proces\"]\n"),
                     {":4:", "@proces", "@process"});
}

TEST_CASE("profile: extends in a circle is refused") {
  const TempDirectory directory;
  directory.write("a.toml", "schema = \"sandbox.profile/v1\"\nextends = \"./b.toml\"\n");
  directory.write("b.toml", "schema = \"sandbox.profile/v1\"\nextends = \"./a.toml\"\n");
  expect_usage_error(run_target({"--profile", directory.path() + "/a.toml"}, {"true"}),
                     {"a.toml", "b.toml"});
  const std::string self = directory.path() + "/self.toml";
  directory.write("self.toml", "schema = \"sandbox.profile/v1\"\nextends = \"" + self + "\"\n");
  expect_usage_error(run_target({"--profile", self}, {"true"}), {"self.toml"});
}

TEST_CASE("profile: ten megabytes of random bytes are refused at once") {
  std::string noise;
  std::uint32_t state = 4711;
  while (noise.size() < 10 << 20) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  const Run run = with_profile(noise);
  expect_usage_error(run, {"own.toml"});
  CHECK(run.elapsed_s < 2 * slow());
  // Small enough to be looked at: still refused.
  expect_usage_error(with_profile(noise.substr(0, 30000)), {"own.toml"});
  expect_usage_error(with_profile(std::string(10 << 20, '[')), {"own.toml"});
  expect_usage_error(with_profile("a" + std::string(30000, '.') + "b = 1\n"), {"own.toml"});
}

TEST_CASE("profile: a missing one names itself and the nearest built-in") {
  expect_usage_error(run_target({"--profile", "/no/such/profile.toml"}, {"true"}),
                     {"/no/such/profile.toml"});
  expect_usage_error(run_target({"--profile", "defualt"}, {"true"}), {"defualt", "default"});
}

TEST_CASE("options: limits that are none") {
  const std::pair<const char*, const char*> table[] = {
      {"--memory", "-1"},     {"--memory", "99999999T"}, {"--memory", "12Q"},
      {"--memory", ""},       {"--wall-time", "-1"},     {"--wall-time", "99999999h"},
      {"--wall-time", "1x"},  {"--cpu-time", "-1s"},     {"--processes", "-1"},
      {"--processes", "1.5"}, {"--output", "-1"},        {"--disk", "99999999T"},
      {"--open-files", "-5"}, {"--stack", "x"},          {"--file-size", "-1K"},
      {"--cpus", "-1"},       {"--cpu-set", "a-b"},      {"--net", "lan"}};
  for (const auto& [option, value] : table) {
    CAPTURE(option);
    CAPTURE(value);
    expect_usage_error(run_target({std::string(option) + "=" + value}, {"true"}), {option});
  }
}

TEST_CASE("options: an unknown one names the nearest") {
  expect_usage_error(run_target({"--memroy", "64M"}, {"true"}), {"--memroy", "--memory"});
  expect_usage_error(run_target({"--wall"}, {"true"}), {"--wall"});
  expect_usage_error(run_sandbox({"rum", "true"}), {"rum", "run"});
  expect_usage_error(run_sandbox({"run"}), {});
  expect_usage_error(run_sandbox({"run", "--"}), {});
  expect_usage_error(run_sandbox({"run", "--memory"}), {"--memory"});
}

// Red: let takes_our_exec of supervise/listener.cc return false.
TEST_CASE("p14 a profile that denies all but what the program needs starts") {
  // What static glibc does before main, execve for the start itself, and main's two calls.
  const Run run = with_profile(
      "schema = \"sandbox.profile/v1\"\n"
      "[syscalls]\n"
      "default = \"kill\"\n"
      "allow = [\"write\", \"exit_group\", \"brk\", \"arch_prctl\", \"set_tid_address\", "
      "\"set_robust_list\", \"rseq\", \"prlimit64\", \"readlink\", \"readlinkat\", \"getrandom\", "
      "\"mprotect\", \"uname\"]\n",
      {probe("minimal")});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "minimal\n");
}

TEST_CASE("p14 such a profile kills what it does not allow") {
  const Run run = with_profile(
      "schema = \"sandbox.profile/v1\"\n"
      "[syscalls]\n"
      "default = \"kill\"\n"
      "allow = [\"exit_group\", \"brk\", \"arch_prctl\", \"set_tid_address\", \"set_robust_list\", "
      "\"rseq\", \"prlimit64\", \"readlink\", \"readlinkat\", \"getrandom\", \"mprotect\"]\n",
      {probe("minimal")});
  expect_status(run, "syscall_violation", 159);
  CHECK(run.document.at("violations.0.syscall").text() == "write");
  CHECK(run.stdout_bytes().empty());
}

// Red: without let_guard_start() in seccomp/compile.cc the run has no listener, or (close_range) no
// end.
TEST_CASE("p14 the calls of the sandboxs own start may be refused with an errno") {
  for (const char* call : {"clone", "close_range", "prctl", "setsid", "rt_sigprocmask"}) {
    CAPTURE(call);
    const Run run = with_profile(std::string(head) + "[syscalls]\ndeny = [{ name = \"" + call +
                                     "\", action = \"errno EPERM\", why = \"not needed\" }]\n",
                                 {probe("minimal")});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "minimal\n");
  }
  const Run strict = run_target({"--profile", "strict", "--on-violation", "errno EPERM"},
                                {probe("call_syscall"), "clone", "0x8111", "0"});
  expect_ok(strict);
  CHECK(strict.stdout_bytes() == "ret=-1 errno=1\n");  // the same flags, by the program
}

TEST_CASE("p14 execve may be denied to the program and is not to its start") {
  const Run run =
      with_profile(std::string(head) +
                       "[syscalls]\ndeny = [{ name = \"execve\", action = \"errno EPERM\", "
                       "why = \"one program only\" }]\n",
                   {"sh", "-c", "echo started; /bin/true; echo $?"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "ok");
  CHECK(run.stdout_bytes() == "started\n126\n");
}
