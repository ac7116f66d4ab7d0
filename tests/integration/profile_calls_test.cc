// The calls that each language's profile goes on refusing, on the real kernel.
#include <doctest/doctest.h>

#include <cerrno>

#include "harness.h"

using namespace sbtest;

namespace {

constexpr const char* languages[] = {"c",    "go",     "cpp",  "rust",  "java",
                                     "node", "python", "perl", "shell", "compile"};

// The errno of the call, 0 where the run was ended for it.
int refusal(const std::string& profile, const Words& call) {
  Words command = {probe("call_syscall")};
  command.insert(command.end(), call.begin(), call.end());
  const Run run = run_target({"--profile", profile}, command);
  INFO(run.describe());
  if (run.document.at("status").text() == "syscall_violation") {
    CHECK(run.exit_status == 159);
    CHECK_FALSE(run.document.at("violations.0.why").text().empty());
    return 0;
  }
  expect_ok(run);
  const std::string text = run.stdout_bytes();
  REQUIRE(text.rfind("ret=-1 errno=", 0) == 0);
  return std::stoi(text.substr(13));
}

struct Denied {
  Words call;
  int err;  // 0: the run ends
};

// Numbers stand for calls that the probe does not know by name.
const std::vector<Denied> table = {
    {{"mount", "s:none", "s:/tmp", "s:tmpfs", "0", "0"}, 0},
    {{"bpf", "0", "z:128", "128"}, 0},
    {{"init_module", "z:16", "16", "s:"}, 0},
    {{"open_by_handle_at", "3", "z:256", "0"}, 0},
    {{"unshare", "0x10000000"}, EPERM},
    {{"clone", "0x110000011", "0"}, EPERM},
    {{"clone3", "z:88", "88"}, ENOSYS},
    {{"io_uring_setup", "8", "z:256"}, ENOSYS},
    {{"perf_event_open", "z:128", "0", "0xffffffffffffffff", "0xffffffffffffffff", "0"}, EPERM},
    {{"userfaultfd", "0"}, EPERM},
    {{"keyctl", "0", "0xfffffffffffffffd", "0"}, EPERM},
    {{"process_vm_readv", "1", "z:16", "1", "z:16", "1", "0"}, EPERM},
    {{"socket", "16", "3", "0"}, EAFNOSUPPORT},
    {{"socket", "0x100000028", "1", "0"}, EAFNOSUPPORT},
    {{"ioctl", "0", "0x100005412", "s:x"}, EPERM},
    {{"294", "0"}, ENOSYS},               // inotify_init1
    {{"72", "0", "6", "z:64"}, ENOLCK},   // fcntl F_SETLK
    {{"72", "0", "37", "z:64"}, ENOLCK},  // F_OFD_SETLK
    {{"1000"}, ENOSYS},                   // newer than the profile
};

}  // namespace

TEST_CASE("profile calls: each language goes on refusing the table") {
  for (const char* profile : languages) {
    for (const Denied& denied : table) {
      CAPTURE(profile);
      CAPTURE(denied.call[0]);
      CHECK(refusal(profile, denied.call) == denied.err);
    }
  }
}

TEST_CASE("profile calls: what one language refuses more") {
  for (const char* profile : languages) {
    CAPTURE(profile);
    const std::string name = profile;
    if (name != "compile") {
      CHECK(refusal(name, {"73", "0", "2"}) == ENOLCK);  // flock
    }
    CHECK(refusal(name, {"ptrace", "0", "0", "0", "0"}) == (name == "go" ? EPERM : 0));
  }
  for (const char* profile : {"java", "node", "python", "perl", "shell", "compile"}) {
    CAPTURE(profile);
    CHECK(refusal(profile, {"206", "1", "z:8"}) == ENOSYS);               // io_setup
    CHECK(refusal(profile, {"216", "0", "0", "0", "0", "0"}) == ENOSYS);  // remap_file_pages
  }
  CHECK(refusal("compile", {"socket", "2", "1", "0"}) == EAFNOSUPPORT);
  CHECK(refusal("compile", {"socket", "0x100000002", "2", "0"}) == EAFNOSUPPORT);
}
