// --workspace and --mount for writing: whose the files are, and what can't be done with them.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "harness.h"

using namespace sbtest;

namespace {

constexpr unsigned owner = 4321;
constexpr unsigned owner_group = 4322;

// A directory of mode 0700 with a file of mode 0600, both of an owner that is nobody here.
class OwnedDirectory {
 public:
  explicit OwnedDirectory(unsigned uid = owner, unsigned gid = owner_group) {
    require("root");
    directory_.write("secret", "secret\n", 0600);
    REQUIRE(chmod(path().c_str(), 0700) == 0);
    for (const std::string& name : {path(), path() + "/secret"}) {
      REQUIRE(chown(name.c_str(), uid, gid) == 0);
    }
  }
  const std::string& path() const { return directory_.path(); }
  struct stat status_of(const std::string& name) const {
    struct stat status = {};
    INFO(name);
    CHECK(lstat((path() + "/" + name).c_str(), &status) == 0);
    return status;
  }
  void expect_owned(const std::string& name, unsigned uid = owner,
                    unsigned gid = owner_group) const {
    const struct stat status = status_of(name);
    CHECK(status.st_uid == uid);
    CHECK(status.st_gid == gid);
  }

 private:
  TempDirectory directory_;
};

std::string warnings_of(const Run& run) { return run.document.at("warnings").dump(); }

// What this test process mounts, no other test sees.
void leave_mount_namespace() {
  REQUIRE(unshare(CLONE_NEWNS) == 0);
  REQUIRE(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
}

}  // namespace

TEST_CASE("workspace: rw as root writes as the owner of the directory") {
  for (const char* userns : {"auto", "never"}) {
    CAPTURE(userns);
    const OwnedDirectory directory;
    const Run run =
        run_target({"--userns", userns, "--workspace", "rw:" + directory.path()},
                   {"sh", "-c",
                    "pwd; cat secret; echo more >> secret; echo new > new; mkdir -p d/e; "
                    "mv new d/; rm -f none; [ \"$(stat -c %u .)\" = \"$(id -u)\" ] && "
                    "echo mine"});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "/workspace\nsecret\nmine\n");
    CHECK(read_file(directory.path() + "/secret") == "secret\nmore\n");
    CHECK(read_file(directory.path() + "/d/new") == "new\n");
    directory.expect_owned("secret");
    directory.expect_owned("d/e");
    directory.expect_owned("d/new");
    CHECK(contains(warnings_of(run), "limits.disk does not hold"));
  }
}

TEST_CASE("workspace: ro as root reads what the owner may and writes nothing") {
  require("owner mapping");
  const OwnedDirectory directory;
  const Run run = run_target({"--workspace", "ro:" + directory.path()},
                             {"sh", "-c", "cat secret; echo x > new; echo x >> secret; exit 0"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "secret\n");
  CHECK(read_file(directory.path() + "/secret") == "secret\n");
  CHECK(run.document.at("warnings").size() == 0);
}

TEST_CASE("workspace: roots own directory is written as root and keeps other users out") {
  require("owner mapping");
  const OwnedDirectory directory(0, 0);
  const std::string others = directory.path() + "/others";
  REQUIRE(close(open(others.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666)) == 0);
  REQUIRE(chmod(others.c_str(), 0606) == 0);
  REQUIRE(chown(others.c_str(), owner, owner_group) == 0);
  const Run run = run_target({"--workspace", "rw:" + directory.path()},
                             {"sh", "-c",
                              "cat secret; echo new > new; echo x >> others; chmod 777 others; "
                              "chown 0 new; exit 0"});
  INFO(run.describe());
  CHECK(run.stdout_bytes() == "secret\n");
  directory.expect_owned("new", 0, 0);
  // Kernel: what has ids that the mount does not map can't be changed through it.
  CHECK(read_file(others).empty());
  CHECK((directory.status_of("others").st_mode & 07777) == 0606);
  CHECK(lines_of(run.document.bytes("stderr")).size() == 3);
}

TEST_CASE("workspace: no set-user-ID file can be left on the host") {
  const OwnedDirectory directory;
  const Run run = run_target({"--workspace", "rw:" + directory.path(), "--wall-time", "20s"},
                             {probe("set_id")});
  expect_ok(run);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  REQUIRE(lines.size() == 3 * (2 * 10 + 1) + 1);
  CHECK(lines.back() == "set=0");
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK_FALSE(contains(line, "errno=0"));
  }
  // In memory, where the bits mean nothing, they may be set.
  const Run scratch = run_target({}, {probe("set_id")});
  expect_ok(scratch);
  CHECK(contains(scratch.stdout_bytes(), "chmod 4000 errno=0"));
}

TEST_CASE("workspace: a program below it runs where it is") {
  require("owner mapping");
  const OwnedDirectory directory;
  REQUIRE(mkdir((directory.path() + "/bin").c_str(), 0700) == 0);
  const std::string file = directory.path() + "/bin/show";
  std::string script = "#!/bin/sh\necho $0\n";
  const int fd = open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
  REQUIRE(write(fd, script.data(), script.size()) == static_cast<ssize_t>(script.size()));
  close(fd);
  for (const std::string& name : {file, directory.path() + "/bin"}) {
    REQUIRE(chown(name.c_str(), owner, owner_group) == 0);
  }
  for (const char* mode : {"ro", "rw"}) {
    const Run run = run_target({"--workspace", mode + (":" + directory.path())}, {file});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "/workspace/bin/show\n");
  }
  // Through a link to the directory, too, and by the name that it has inside.
  const TempDirectory elsewhere;
  const std::string link = elsewhere.path() + "/link";
  REQUIRE(symlink(directory.path().c_str(), link.c_str()) == 0);
  for (const std::string& program : {link + "/bin/show", std::string("/workspace/bin/show")}) {
    const Run run = run_target({"--workspace", "ro:" + link}, {program});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "/workspace/bin/show\n");
  }
}

TEST_CASE("workspace: a program outside of it has a place of its own") {
  require("owner mapping");
  const OwnedDirectory directory;
  const Run run = run_target({"--workspace", "ro:" + directory.path()}, {probe("print_args"), "x"});
  expect_ok(run);
  const TempDirectory other;
  const std::string script = other.write("script", "#!/bin/sh\necho $0; pwd\n", 0755);
  const Run shown = run_target({"--workspace", "rw:" + directory.path()}, {script});
  expect_ok(shown);
  CHECK(shown.stdout_bytes() == "/program/script\n/workspace\n");
}

TEST_CASE("workspace: a file system that cannot map ids") {
  const OwnedDirectory place;
  leave_mount_namespace();
  REQUIRE(mount("none", place.path().c_str(), "ramfs", 0, "mode=0755") == 0);
  const auto run_in = [&](const Words& options) {
    Words words = {"--workspace", "rw:" + place.path()};
    words.insert(words.end(), options.begin(), options.end());
    return run_target(words, {"sh", "-c", "echo x > new; touch /tmp/x; stat -c %U /tmp/x"});
  };
  // Root's: nobody to be. The remedy is in the error.
  Run run = run_in({});
  expect_status(run, "error", 2);
  CHECK(run.document.at("error.tag").text() == "files.workspace");
  CHECK(contains(run.document.at("error.hint").text(), "--workspace-owner"));
  // As asked for.
  REQUIRE(chmod(place.path().c_str(), 0777) == 0);
  run = run_in({"--workspace-owner", "1500:1501"});
  expect_ok(run);
  place.expect_owned("new", 1500, 1501);
  CHECK(contains(warnings_of(run), "1500:1501"));
  REQUIRE(unlink((place.path() + "/new").c_str()) == 0);
  // As the owner.
  REQUIRE(chmod(place.path().c_str(), 0700) == 0);
  REQUIRE(chown(place.path().c_str(), owner, owner_group) == 0);
  for (const char* userns : {"auto", "never"}) {
    run = run_in({"--userns", userns});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "sandbox\n");
    place.expect_owned("new");
    CHECK(contains(warnings_of(run), "can't map ids"));
  }
  // Read-only: a warning, and where only the owner may enter, the remedy.
  run = run_target({"--workspace", "ro:" + place.path()}, {"true"});
  expect_status(run, "error", 125);
  CHECK(run.document.at("error.tag").text() == "launch.directory");
  CHECK(contains(run.document.at("error.hint").text(), "chmod o+x"));
  CHECK(contains(warnings_of(run), "what anybody may"));
  // Together with one that can: the same ids are mapped there.
  if (host_has("owner mapping")) {
    const OwnedDirectory mapped(1600, 1601);
    run = run_target({"--workspace", "rw:" + place.path(), "--mount", mapped.path() + ":/opt/m:rw"},
                     {"sh", "-c", "echo x > /opt/m/new; cat /opt/m/secret; echo y > new2"});
    expect_ok(run);
    mapped.expect_owned("new", 1600, 1601);
    place.expect_owned("new2");
  }
  REQUIRE(umount2(place.path().c_str(), MNT_DETACH) == 0);
}

TEST_CASE("workspace: values of the owner that are none") {
  for (const char* value : {"0", "0:0", "1000:0", "root", "-1", "4294967295", "1000:", ":1", ""}) {
    CAPTURE(value);
    const Run run = run_sandbox({"run", std::string("--workspace-owner=") + value, "true"});
    CHECK(run.exit_status == 2);
    CHECK(contains(run.err, "--workspace-owner"));
  }
}

TEST_CASE("workspace: what is no directory is refused") {
  const TempDirectory directory;
  const std::string file = directory.write("file", "", 0644);
  const Run run = run_target({"--workspace", "ro:" + file}, {"true"});
  expect_usage_error(run, {file, "files.workspace"});
  const Run missing = run_target({"--workspace", "rw:" + file + "x"}, {"true"});
  expect_usage_error(missing, {file + "x", "files.source"});
}

TEST_CASE("mount: a writable file and a writable directory") {
  require("owner mapping");
  const OwnedDirectory directory;
  const TempDirectory files;
  const std::string file = files.write("file", "old\n", 0600);
  const Run run = run_target(
      {"--mount", directory.path() + ":/opt/d:rw", "--mount", file + ":/etc/file:rw"},
      {"sh", "-c", "cat /opt/d/secret /etc/file; echo new > /etc/file; echo new > /opt/d/new"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "secret\nold\n");
  CHECK(read_file(file) == "new\n");
  directory.expect_owned("new");
}

TEST_CASE("unprivileged: workspace rw writes as the caller and warns of its groups") {
  require("root");
  require("userns");
  const OwnedDirectory directory;
  const TempDirectory place;
  Options options;
  options.binary = place.write("sandbox", read_file(binary()), 0755);
  options.needs_host = false;
  static const std::vector<gid_t> groups = {owner_group, 4400, 0x7000000};
  options.in_child = [] {
    if (setgroups(groups.size(), groups.data()) != 0 ||
        setresgid(owner_group, owner_group, owner_group) != 0 ||
        setresuid(owner, owner, owner) != 0) {
      _exit(122);
    }
  };
  const Run run = run_target(
      {"--memory", "none", "--processes", "none", "--workspace", "rw:" + directory.path()},
      {"sh", "-c", "cat secret; echo new > new"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "secret\n");
  directory.expect_owned("new");
  CHECK(contains(warnings_of(run), "4400"));
  CHECK(contains(warnings_of(run), "117440512"));
  CHECK_FALSE(contains(warnings_of(run), "4322"));
  const Run read_only = run_target(
      {"--memory", "none", "--processes", "none", "--workspace", "ro:" + directory.path()},
      {"true"}, options);
  expect_ok(read_only);
  CHECK_FALSE(contains(warnings_of(read_only), "4400"));
}
