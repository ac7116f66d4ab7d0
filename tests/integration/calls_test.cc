// System calls that are denied: killed or refused, through every way into the kernel; and the ones
// that must go on working.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

constexpr int killed = -1;

// The errno that the probe saw, or `killed` where the run was ended for the call.
int denied(const Words& call, const Words& sandbox_options = {}) {
  Words command = {probe("call_syscall")};
  command.insert(command.end(), call.begin(), call.end());
  Words options = {"--wall-time", "20s"};
  options.insert(options.end(), sandbox_options.begin(), sandbox_options.end());
  const Run run = run_target(options, command);
  INFO(run.describe());
  const std::string status = run.document.at("status").text();
  if (status == "syscall_violation") {
    CHECK(run.exit_status == 159);
    CHECK(run.document.at("violations_total").integer() >= 1);
    CHECK(run.document.at("violations").size() >= 1);
    CHECK_FALSE(contains(run.stdout_bytes(), "ret="));
    return killed;
  }
  CHECK(status == "ok");
  const std::string text = run.stdout_bytes();
  CHECK(text.rfind("ret=-1 errno=", 0) == 0);
  return text.size() > 13 ? std::stoi(text.substr(13)) : 0;
}

}  // namespace

TEST_CASE("p10 denied calls: each is killed or refused and never works") {
  const Words calls[] = {
      {"mount", "s:none", "s:/tmp", "s:tmpfs", "0", "0"},
      {"umount2", "s:/proc", "2"},
      {"unshare", "0x10000000"},
      {"unshare", "0x00020000"},
      {"clone", "0x10000011", "0"},
      {"clone", "0x00020011", "0"},
      {"setns", "0", "0"},
      {"ptrace", "0", "0", "0", "0"},
      {"ptrace", "16", "1", "0", "0"},
      {"keyctl", "0", "0xfffffffffffffffd", "0"},
      {"add_key", "s:user", "s:x", "s:y", "1", "0xfffffffffffffffd"},
      {"request_key", "s:user", "s:x", "0", "0"},
      {"io_uring_setup", "8", "z:256"},
      {"io_uring_enter", "0", "0", "0", "0", "0"},
      {"socket", "16", "3", "0"},
      {"socket", "17", "3", "0"},
      {"socket", "40", "1", "0"},
      {"socket", "38", "5", "0"},
      {"bpf", "0", "z:128", "128"},
      {"perf_event_open", "z:128", "0", "0xffffffffffffffff", "0xffffffffffffffff", "0"},
      {"userfaultfd", "0"},
      {"fsopen", "s:tmpfs", "0"},
      {"open_tree", "0xffffff9c", "s:/", "1"},
      {"mount_setattr", "0xffffff9c", "s:/", "0", "z:32", "32"},
      {"pivot_root", "s:/", "s:/tmp"},
      {"chroot", "s:/tmp"},
      {"swapon", "s:/tmp/x", "0"},
      {"reboot", "0xfee1dead", "672274793", "0", "0"},
      {"init_module", "z:16", "16", "s:"},
      {"kexec_load", "0", "0", "0", "0"},
      {"settimeofday", "z:16", "0"},
      {"name_to_handle_at", "0xffffff9c", "s:/tmp", "z:256", "z:8", "0"},
      {"open_by_handle_at", "3", "z:256", "0"},
      {"process_vm_readv", "1", "z:16", "1", "z:16", "1", "0"},
      {"process_vm_writev", "1", "z:16", "1", "z:16", "1", "0"},
      {"sethostname", "s:evil", "4"},
      {"setuid", "0"},
      {"setgid", "0"},
      {"setgroups", "0", "0"},
      {"syslog", "3", "z:4096", "4096"},
      {"acct", "0"},
      {"quotactl", "0", "0", "0", "0"},
      {"fanotify_init", "0", "0"},
      {"mknod", "s:/tmp/kmem", "0x2180", "0x101"},
      {"iopl", "3"},
      {"ioperm", "0", "1", "1"},
  };
  for (const Words& call : calls) {
    CAPTURE(call[0]);
    CHECK(denied(call) != 0);
  }
  expect_true_runs();
}

TEST_CASE("denied calls: the violation names the call and its caller") {
  const Run run = run_target({}, {probe("call_syscall"), "mount", "s:a", "s:/tmp", "s:tmpfs"});
  expect_status(run, "syscall_violation", 159);
  INFO(run.describe());
  CHECK(run.document.at("violations.0.syscall").text() == "mount");
  CHECK(run.document.at("violations.0.number").integer() == 165);
  CHECK(run.document.at("violations.0.arch").text() == "x86_64");
  CHECK(run.document.at("violations.0.action").text() == "killed");
  CHECK(run.document.at("violations.0.comm").text() == "call_syscall");
  CHECK(contains(run.document.at("violations.0.exe").text(), "call_syscall"));
  CHECK_FALSE(run.document.at("violations.0.why").text().empty());
  CHECK(contains(run.document.at("reason").text(), "mount"));
}

// Red: let abi_code of seccomp/prologue.cc pass calls with the x32 bit (3 for 0). The i386 ones
// have two walls: let it pass any architecture, and make ACT_BADARCH of seccomp/compile.cc an
// ALLOW.
TEST_CASE("p10 the x32 and the 32-bit entries are closed") {
  // Not only refused: a kernel that has no x32 does that by itself.
  CHECK(denied({"x32:getpid"}) == killed);
  CHECK(denied({"x32:mount", "s:a", "s:/tmp", "s:tmpfs"}) == killed);
  CHECK(denied({"x32:ptrace", "0"}) == killed);
  CHECK(denied({"i386:20"}) == killed);             // getpid
  CHECK(denied({"i386:26", "0"}) == killed);        // ptrace
  CHECK(denied({"i386:102", "1", "0"}) == killed);  // socketcall
  CHECK(denied({"i386:1"}) == killed);              // exit: works only where nothing is filtered
  expect_true_runs();
}

// Red: make clone3 of profiles/default.toml an errno EPERM.
TEST_CASE("p11 clone3 gives ENOSYS and threads still work") {
  const Run run = run_target({"--processes", "64"}, {probe("threads"), "16"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "clone3 errno=38\nthreads=16\n");
  CHECK(denied({"io_uring_setup", "8", "z:256"}) != 0);
}

// Red: make no_such_call of seccomp/prologue.cc an EPERM.
TEST_CASE("p12 calls newer than the profile get ENOSYS") {
  for (const char* number : {"600", "1000", "100000", "0x3fffffff"}) {
    CAPTURE(number);
    CHECK(denied({number}) == 38);
  }
}

TEST_CASE("p9 the high half of an int argument opens nothing") {
  const Words calls[] = {
      {"socket", "0x100000010", "3", "0"},          // AF_NETLINK
      {"socket", "0xffffffff00000010", "3", "0"},   // the same, negative
      {"socket", "0x100000011", "3", "0"},          // AF_PACKET
      {"ioctl", "0", "0x100005412", "s:x"},         // TIOCSTI
      {"ioctl", "0", "0xffffffff00005412", "s:x"},  // the same
      {"ioctl", "0", "0x10000541c", "z:16"},        // TIOCLINUX
      {"clone", "0x110000011", "0"},                // CLONE_NEWUSER with a bit above
      {"kill", "0x100000001", "9"},                 // pid 1
  };
  for (const Words& call : calls) {
    CAPTURE(call[0] + " " + call[1]);
    if (call[0] == "kill") {
      // Allowed, and init ignores it; but the run must go on.
      expect_ok(run_target({}, {probe("call_syscall"), call[0], call[1], call[2]}));
      continue;
    }
    CHECK(denied(call) != 0);
  }
}

TEST_CASE("denied calls: on-violation errno lets the program go on") {
  const Run run = run_target({"--on-violation", "errno EPERM"},
                             {probe("call_syscall"), "mount", "s:a", "s:/tmp", "s:tmpfs"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "ok");
  CHECK(run.stdout_bytes() == "ret=-1 errno=1\n");
}

TEST_CASE("denied calls: a violation in a grandchild ends the run") {
  const TempDirectory directory;
  directory.write("call", read_file(probe("call_syscall")), 0755);
  const Run inside =
      run_target({"--wall-time", "20s", "--mount", directory.path() + ":/opt/probe:ro"},
                 {"sh", "-c", "(/opt/probe/call mount s:a s:/tmp s:tmpfs &) ; sleep 5; exit 0"});
  expect_status(inside, "syscall_violation", 159);
  CHECK(inside.elapsed_s < 4 * slow());
  expect_true_runs();
}
