// Kernels without mount_setattr(2), before 5.12: attributes are set by one remount for each mount,
// with the same promise. A filter around `sandbox` answers ENOSYS, as such a kernel does.
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

using namespace sbtest;

namespace {

void take_mount_setattr_away() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 442, 0, 1),  // mount_setattr
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof code / sizeof code[0], code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    _exit(121);
  }
}

Options on_old_kernel() {
  Options options;
  options.in_child = take_mount_setattr_away;
  return options;
}

// Mounts below a source, which no other test sees: a tmpfs with a name that mountinfo escapes, a
// device in it, and one more tmpfs below that.
class Mounts {
 public:
  Mounts() {
    require("root");
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    REQUIRE(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    REQUIRE(chmod(source_.path().c_str(), 0755) == 0);
    add(below());
    REQUIRE(mknod((below() + "/null").c_str(), S_IFCHR | 0666, 0x103) == 0);
    REQUIRE(chmod((below() + "/null").c_str(), 0666) == 0);
    // Why: the host's own mounts are shared where systemd mounts them.
    REQUIRE(mount("none", below().c_str(), nullptr, MS_SHARED, nullptr) == 0);
    add(below() + "/deep");
  }
  ~Mounts() { umount2(below().c_str(), MNT_DETACH); }
  Mounts(const Mounts&) = delete;
  Mounts& operator=(const Mounts&) = delete;

  const std::string& source() const { return source_.path(); }
  std::string below() const { return source() + "/be low\\\n"; }

 private:
  static void add(const std::string& path) {
    REQUIRE(mkdir(path.c_str(), 0777) == 0);
    REQUIRE(mount("tmpfs", path.c_str(), "tmpfs", MS_NOEXEC, "mode=0777") == 0);
  }
  TempDirectory source_;
};

// Tries to write at each depth; then what the mounts below /opt/data are, as mountinfo has them.
const char* const attempt =
    "cd /opt/data; for place in . be* be*/deep; do echo x > \"$place/new\" && echo written; done; "
    "echo x > be*/null && echo written; "
    "grep ' /opt/data' /proc/self/mountinfo | cut -d' ' -f6,7 | grep -v '^ro,nosuid,nodev' "
    "| wc -l; "
    "grep ' /opt/data' /proc/self/mountinfo | grep -c noexec; "
    "grep -c ' \\(shared\\|master\\):' /proc/self/mountinfo; exit 0";

void expect_nothing_written(const Mounts& mounts, const Run& run) {
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "0\n2\n0\n");
  for (const std::string& place : {mounts.source(), mounts.below(), mounts.below() + "/deep"}) {
    CAPTURE(place);
    CHECK(access((place + "/new").c_str(), F_OK) != 0);
  }
}

}  // namespace

// Red: without `recursive` in pass() of launch/inside/remount.cc the first number is 2.
TEST_CASE("no mount_setattr: read-only reaches all mounts below the source") {
  for (const char* userns : {"auto", "never"}) {
    CAPTURE(userns);
    const Mounts mounts;
    expect_nothing_written(
        mounts, run_target({"--userns", userns, "--mount", mounts.source() + ":/opt/data:ro"},
                           {"sh", "-c", attempt}, on_old_kernel()));
  }
}

TEST_CASE("no mount_setattr: read-only reaches them for an ordinary user") {
  const Mounts mounts;
  require("userns");
  const TempDirectory directory;
  Options options = in_reach_of_users(directory);
  options.in_child = [] {
    become_nobody();
    take_mount_setattr_away();
    prctl(PR_SET_DUMPABLE, 1);
  };
  expect_nothing_written(mounts, run_target({"--memory", "none", "--processes", "none", "--mount",
                                             mounts.source() + ":/opt/data:ro"},
                                            {"sh", "-c", attempt}, options));
}

TEST_CASE("no mount_setattr: the root and the system directories are read-only") {
  const Run run = run_target(
      {},
      {"sh", "-c",
       "grep -c ' /proc rw' /proc/self/mountinfo; "
       "grep -v ' ro,nosuid,n' /proc/self/mountinfo | cut -d' ' -f5,6 | sort -u; exit 0"},
      on_old_kernel());
  INFO(run.describe());
  CHECK(run.stdout_bytes() ==
        "2\n/dev/shm rw,nosuid,nodev,relatime\n/proc rw,nosuid,nodev,noexec,relatime\n"
        "/proc rw,nosuid,nodev,relatime\n/tmp rw,nosuid,nodev,relatime\n"
        "/workspace rw,nosuid,nodev,relatime\n");
}

// A mount that another one covers can't be reached by path: not shown at all rather than writable.
TEST_CASE("no mount_setattr: a covered mount below the source ends the run") {
  const Mounts mounts;
  REQUIRE(mount("tmpfs", mounts.below().c_str(), "tmpfs", 0, "mode=0777") == 0);
  const Run run =
      run_target({"--mount", mounts.source() + ":/opt/data:ro"}, {"true"}, on_old_kernel());
  expect_status(run, "error", 125);
  CHECK(run.document.at("error.tag").text() == "launch.mount");
  CHECK(run.document.at("error.stage").text() == "mount");
  REQUIRE(umount2(mounts.below().c_str(), MNT_DETACH) == 0);
}

TEST_CASE("no mount_setattr: a writable directory of an ordinary user is written as that user") {
  require("root");
  const TempDirectory directory;
  REQUIRE(chown(directory.path().c_str(), 4321, 4322) == 0);
  const Run run = run_target({"--workspace", "rw:" + directory.path()},
                             {"sh", "-c", "echo new > new"}, on_old_kernel());
  expect_ok(run);
  CHECK(contains(run.document.at("warnings").dump(), "this kernel can't map ids"));
  struct stat status = {};
  REQUIRE(stat((directory.path() + "/new").c_str(), &status) == 0);
  CHECK(status.st_uid == 4321);
}

TEST_CASE("no mount_setattr: a writable directory of roots is refused with what mends it") {
  require("root");
  const TempDirectory directory;
  const Run run = run_target({"--workspace", "rw:" + directory.path()}, {"true"}, on_old_kernel());
  expect_status(run, "error", 2);
  CHECK(run.document.at("error.tag").text() == "files.workspace");
  CHECK(contains(run.document.at("error.hint").text(), "Linux 5.12"));
  CHECK(contains(run.document.at("error.hint").text(), "--workspace-owner"));
}

TEST_CASE("no mount_setattr: doctor finds namespaces that work and no mapped mounts") {
  require("root");
  const Run run = run_sandbox({"doctor"}, on_old_kernel());
  INFO(run.describe());
  CHECK(contains(run.out, "user_namespaces       ok"));
  CHECK(contains(run.out, "idmapped_mounts       no       ENOSYS"));
  CHECK(contains(run.out, "boot Linux 5.12"));
}
