// What the caller shows inside with --mount and --workspace, and that read-only means it.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "harness.h"

using namespace sbtest;

namespace {

// This test process gets a mount namespace of its own: what it mounts, no other test sees.
void leave_mount_namespace() {
  require("root");
  REQUIRE(unshare(CLONE_NEWNS) == 0);
  REQUIRE(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
}

}  // namespace

TEST_CASE("mount: a read-only directory is seen and not written") {
  const TempDirectory source;
  source.write("file", "content\n", 0666);
  REQUIRE(chmod(source.path().c_str(), 0777) == 0);
  const Run run = run_target({"--mount", source.path() + ":/opt/data:ro"},
                             {"sh", "-c",
                              "cat /opt/data/file; echo x >> /opt/data/file; "
                              "echo y > /opt/data/new; rm /opt/data/file; exit 0"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "content\n");
  CHECK(read_file(source.path() + "/file") == "content\n");
  CHECK(access((source.path() + "/new").c_str(), F_OK) != 0);
}

TEST_CASE("mount: read-only reaches a mount below the source") {
  leave_mount_namespace();
  const TempDirectory source;
  const std::string below = source.path() + "/below";
  REQUIRE(mkdir(below.c_str(), 0777) == 0);
  REQUIRE(mount("tmpfs", below.c_str(), "tmpfs", 0, "mode=0777") == 0);
  source.write("below/file", "below\n", 0666);
  REQUIRE(mknod((below + "/null").c_str(), S_IFCHR | 0666, 0x103) == 0);
  const Run run = run_target({"--mount", source.path() + ":/opt/data:ro"},
                             {"sh", "-c",
                              "cat /opt/data/below/file; echo x > /opt/data/below/new; "
                              "echo x > /opt/data/below/file; echo dev > /opt/data/below/null; "
                              "grep /opt/data /proc/self/mountinfo | grep -c ' ro,nosuid,nodev'"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "below\n2\n");
  CHECK(lines_of(run.document.bytes("stderr")).size() == 3);
  CHECK(read_file(below + "/file") == "below\n");
  CHECK(access((below + "/new").c_str(), F_OK) != 0);
  REQUIRE(umount2(below.c_str(), MNT_DETACH) == 0);
}

// Red: set attr_clr to MOUNT_ATTR_NOEXEC in restrict_tree of launch/plan_builder.cc.
TEST_CASE("p7 mount: flags of the source survive") {
  leave_mount_namespace();
  const TempDirectory source;
  REQUIRE(mount("tmpfs", source.path().c_str(), "tmpfs", MS_NOEXEC | MS_NOSUID | MS_NODEV,
                "mode=0755") == 0);
  source.write("program", read_file(probe("minimal")), 0755);
  const Run run =
      run_target({"--mount", source.path() + ":/opt/data:ro"},
                 {"sh", "-c", "/opt/data/program; grep /opt/data /proc/self/mountinfo"});
  INFO(run.describe());
  CHECK_FALSE(contains(run.stdout_bytes(), "minimal"));
  CHECK(contains(run.stdout_bytes(), "noexec"));
  CHECK(contains(run.stdout_bytes(), "nosuid"));
  CHECK(contains(run.stdout_bytes(), "nodev"));
  REQUIRE(umount2(source.path().c_str(), MNT_DETACH) == 0);
}

TEST_CASE("mount: a source that only root may enter is shown all the same") {
  const TempDirectory source;
  source.write("file", "deep\n", 0644);
  REQUIRE(mkdir((source.path() + "/shown").c_str(), 0755) == 0);
  source.write("shown/file", "shown\n", 0644);
  REQUIRE(chmod(source.path().c_str(), 0700) == 0);
  const Run run =
      run_target({"--mount", source.path() + "/shown:/opt/shown:ro"}, {"cat", "/opt/shown/file"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "shown\n");
}

TEST_CASE("mount: a missing source is an error before anything runs") {
  const Run run = run_target({"--mount", "/no/such/source:/opt/data:ro"}, {"true"});
  expect_usage_error(run, {"--mount", "/no/such/source", "files.source"});
}

TEST_CASE("mount: a source that is a symbolic link to elsewhere stays what it is") {
  const TempDirectory source;
  source.write("target", "target\n", 0644);
  REQUIRE(symlink("/etc/shadow", (source.path() + "/link").c_str()) == 0);
  const Run run = run_target({"--mount", source.path() + ":/opt/data:ro"},
                             {"sh", "-c", "cat /opt/data/target /opt/data/link; exit 0"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "target\n");
}

TEST_CASE("workspace: ro shows the callers directory") {
  const TempDirectory directory;
  directory.write("input", "input\n", 0644);
  Options options;
  options.directory = directory.path();
  const Run run = run_target({"--workspace", "ro"},
                             {"sh", "-c", "pwd; cat input; echo x > out; exit 0"}, options);
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "/workspace\ninput\n");
  CHECK_FALSE(run.document.bytes("stderr").empty());
}

// Red: take the time of Stage::await_go for the start in on_error_pipe of supervise/supervisor.cc.
TEST_CASE("p28 many mounts are set-up time and no wall time") {
  const TempDirectory source;
  Words options;
  for (int i = 0; i < 500; ++i) {
    const std::string name = "d" + std::to_string(i);
    REQUIRE(mkdir((source.path() + "/" + name).c_str(), 0755) == 0);
    options.emplace_back("--mount");
    options.push_back(source.path() + "/" + name + ":/opt/" + name + ":ro");
  }
  // The best of several, in turns: some of them may meet a busy machine.
  double wall = 1e18;
  double setup = 1e18;
  double plain_wall = 1e18;
  double plain_setup = 1e18;
  const auto measure = [](const Words& words, double& least_wall, double& least_setup) {
    const Run run = run_target(words, {probe("minimal")});
    expect_ok(run);
    least_wall = std::min(least_wall, run.document.at("time.wall_ns").number());
    least_setup = std::min(least_setup, run.document.at("time.setup_ns").number());
  };
  for (int i = 0; i < 6; ++i) {
    measure({}, plain_wall, plain_setup);
    measure(options, wall, setup);
  }
  CHECK(setup > plain_setup);
  CHECK(wall < plain_wall * 3 + 1e6 * slow());
  CHECK(wall < setup);
  const Run limited = [&] {
    Words words = options;
    words.insert(words.end(), {"--wall-time", "300ms"});
    return run_target(words, {"sleep", "10"});
  }();
  expect_limit(limited, "wall_time_limit", "wall_time", 124);
  CHECK(limited.document.at("time.wall_ns").number() >= 300e6);
  CHECK(limited.document.at("time.wall_ns").number() < 300e6 + 200e6 * slow());
}

TEST_CASE("mount: each is seen where it was asked for in whatever order they are given") {
  const TempDirectory outer;
  outer.write("file", "outer\n", 0644);
  REQUIRE(mkdir((outer.path() + "/sub").c_str(), 0755) == 0);
  const TempDirectory inner;
  inner.write("file", "inner\n", 0644);
  const Run run =
      run_target({"--mount", inner.path() + ":/opt/a/sub/x/y:ro", "--tmpfs", "/opt/a/sub",
                  "--mount", outer.path() + ":/opt/a"},
                 {"sh", "-c",
                  "cat /opt/a/file /opt/a/sub/x/y/file; echo x > /opt/a/sub/new; "
                  "cat /opt/a/sub/new; echo x > /opt/a/new; echo x > /opt/a/sub/x/y/new; "
                  "exit 0"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "outer\ninner\nx\n");
  CHECK(lines_of(run.document.bytes("stderr")).size() == 2);
  CHECK(access((outer.path() + "/sub/new").c_str(), F_OK) != 0);
  CHECK(access((outer.path() + "/new").c_str(), F_OK) != 0);
}

TEST_CASE("mount: a target that cannot be made is an error that names it") {
  const TempDirectory source;
  source.write("file", "file\n", 0644);
  // Kernel: tmpfs maps no owners before 6.3. The ids of an ordinary user can do without.
  REQUIRE((geteuid() != 0 || chown(source.path().c_str(), 1000, 1000) == 0));
  const Words all[] = {
      {"--mount", source.path() + ":/opt/a", "--tmpfs", "/opt/a/none"},
      {"--mount", source.path() + ":/opt/a", "--mount", source.path() + ":/opt/a/none:rw"},
      {"--mount", source.path() + "/file:/usr/bin/none"},
      {"--mount", source.path() + "/file:/bin/none"}};
  for (const Words& options : all) {
    const Run run = run_target(options, {"true"});
    expect_status(run, "error", 2);
    CHECK(run.document.at("error.tag").text() == "files.target");
    CHECK(contains(run.document.at("error.message").text(), "none\""));
    CHECK_FALSE(run.document.at("error.hint").text().empty());
    CHECK(access((source.path() + "/none").c_str(), F_OK) != 0);
  }
}

TEST_CASE("mount: what the sandbox makes itself is not mounted on") {
  for (const char* target : {"/proc", "/proc/self", "/dev", "/dev/null", "/dev/fd/0", "/proc/"}) {
    CAPTURE(target);
    for (const Words& options :
         {Words{"--mount", std::string("/usr:") + target}, Words{"--tmpfs", target}}) {
      const Run run = run_target(options, {"true"});
      CHECK(run.exit_status == 2);
      CHECK(contains(run.err, "files.target"));
    }
  }
}

TEST_CASE("mount: files in the place of generated ones and of links") {
  const TempDirectory source;
  source.write("file", "mine\n", 0644);
  const std::string file = source.path() + "/file";
  REQUIRE(symlink("file", (source.path() + "/link").c_str()) == 0);
  const Run run =
      run_target({"--mount", source.path() + "/link:/etc/passwd", "--mount", file + ":/opt/x/y",
                  "--mount", file + ":/dev/mine", "--mount", source.path() + ":/sys"},
                 {"sh", "-c", "cat /etc/passwd /opt/x/y /dev/mine /sys/link; ls /proc/acpi"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "mine\nmine\nmine\nmine\n");
  // In the place of the link /bin of the root, which is gone with its programs.
  const Run bin = run_target({"--root", "empty", "--mount", "/usr:/usr", "--mount", "/lib:/lib",
                              "--mount", "/lib64:/lib64", "--mount", source.path() + ":/bin"},
                             {"cat", "/bin/file"});
  expect_ok(bin);
  CHECK(bin.stdout_bytes() == "mine\n");
}

TEST_CASE("tmpfs: directories in memory share the limit of the disk and vanish") {
  const Run run = run_target({"--tmpfs", "/opt/one", "--tmpfs", "/var/two", "--disk", "2M"},
                             {"sh", "-c",
                              "echo x > /opt/one/file; [ ! -e /var/two/file ]; "
                              "head -c 1500000 /dev/zero > /opt/one/big; "
                              "head -c 1500000 /dev/zero > /var/two/big; "
                              "stat -c %a /opt/one; exit 0"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "1777\n");
  CHECK(contains(run.document.bytes("stderr"), "No space left"));
  const Run again = run_target({"--tmpfs", "/opt/one"}, {"ls", "/opt/one"});
  expect_ok(again);
  CHECK(again.stdout_bytes().empty());
}
