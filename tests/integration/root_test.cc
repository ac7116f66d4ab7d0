// --root: nothing at all, or a directory of the caller's that may be hostile.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "root_directory.h"

using namespace sbtest;

namespace {

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

}  // namespace

TEST_CASE("root: empty shows nothing of the host but the program") {
  const Run run = run_target({"--root", "empty"}, {probe("see_path"),
                                                   "/usr",
                                                   "/bin",
                                                   "/lib",
                                                   "/lib64",
                                                   "/home",
                                                   "/root",
                                                   "/etc/ssl",
                                                   "/etc/alternatives",
                                                   "/etc/shadow",
                                                   "/var",
                                                   "/opt",
                                                   "/etc/passwd",
                                                   "/proc/self/status",
                                                   "-c",
                                                   "/tmp/x",
                                                   "-c",
                                                   "/workspace/x",
                                                   "-c",
                                                   "/x",
                                                   "-c",
                                                   "/etc/x"});
  expect_ok(run);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  REQUIRE(lines.size() == 17);
  for (std::size_t i = 0; i < 11; ++i) {
    CHECK(contains(lines[i], "stat=2 read=2"));
  }
  CHECK(contains(lines[11], "stat=0 read=0"));
  CHECK(contains(lines[12], "stat=0 read=0"));
  CHECK(lines[13] == "/tmp/x create=0");
  CHECK(lines[14] == "/workspace/x create=0");
  CHECK(lines[15] == "/x create=30");
  CHECK(lines[16] == "/etc/x create=30");
}

TEST_CASE("root: empty with mounts of the callers") {
  const TempDirectory data;
  data.write("file", "data\n", 0644);
  const Run run =
      run_target({"--root", "empty", "--mount", "/usr:/usr", "--mount", "/usr/lib64:/lib64",
                  "--mount", "/usr/lib:/lib", "--mount", data.path() + ":/data"},
                 {"cat", "/data/file"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "data\n");
}

TEST_CASE("root: a directory with its programs on PATH and by absolute path") {
  const RootDirectory root;
  for (const char* name : {"print_args", "/bin/print_args"}) {
    const Run run = run_target({"--root", root.path()}, {name, "word"});
    expect_ok(run);
    CHECK(run.stdout_bytes() == "4:word,");
  }
  const Run own = run_target({"--root", root.path()}, {probe("print_args"), "own"});
  expect_ok(own);
  CHECK(own.stdout_bytes() == "3:own,");
  const Run missing = run_target({"--root", root.path()}, {"sh", "-c", "true"});
  expect_status(missing, "error", 127);
  CHECK(missing.document.at("error.tag").text() == "program.not_found");
  const Run seen = run_target({"--root", root.path()},
                              {"see_path", "/etc/passwd", "/lib/x", "/usr/bin", "/etc/ssl", "-c",
                               "/bin/x", "-c", "/x", "-c", "/tmp/x", "-c", "/workspace/x"});
  expect_ok(seen);
  const std::vector<std::string> lines = lines_of(seen.stdout_bytes());
  REQUIRE(lines.size() == 8);
  // The owner may write it, but for the mount.
  CHECK(lines[0] ==
        std::string("/etc/passwd stat=0 read=0 bytes=7 write=") + (geteuid() == 0 ? "13" : "30"));
  CHECK(contains(lines[2], "stat=2"));
  CHECK(contains(lines[3], "stat=2"));
  CHECK(lines[4] == "/bin/x create=30");
  CHECK(lines[5] == "/x create=30");
  CHECK(lines[6] == "/tmp/x create=0");
  CHECK(lines[7] == "/workspace/x create=0");
}

TEST_CASE("root: a directory without etc has the generated one") {
  const TempDirectory root;
  REQUIRE(mkdir((root.path() + "/bin").c_str(), 0755) == 0);
  root.write("bin/see_path", read_file(probe("see_path")), 0755);
  const Run run = run_target({"--root", root.path()}, {"see_path", "/etc/passwd", "/etc/hosts"});
  expect_ok(run);
  for (const std::string& line : lines_of(run.stdout_bytes())) {
    CHECK(contains(line, "stat=0 read=0"));
  }
}

TEST_CASE("root: a directory that only its owner may enter") {
  const RootDirectory root;
  REQUIRE(chmod(root.path().c_str(), 0700) == 0);
  const Run run = run_target({"--root", root.path()}, {"minimal"});
  expect_ok(run);
}

TEST_CASE("root: busybox from a directory of its own") {
  require("busybox");
  const RootDirectory root;
  std::filesystem::copy_file("/usr/bin/busybox", root.path() + "/bin/busybox");
  for (const char* applet : {"sh", "cat", "echo", "id"}) {
    root.link("/bin/busybox", std::string("bin/") + applet);
  }
  const Run run = run_target({"--root", root.path()}, {"sh", "-c", "cat /etc/passwd; echo $0; id"});
  expect_ok(run);
  CHECK(contains(run.stdout_bytes(), "theirs\nsh\nuid=1000"));
  const Run script = [&] {
    const TempDirectory place;
    const std::string file = place.write("script", "#!/bin/sh\necho $0\n", 0755);
    return run_target({"--root", root.path()}, {file});
  }();
  expect_ok(script);
  CHECK(script.stdout_bytes() == "/workspace/script\n");
}

// Red: leave RESOLVE_IN_ROOT out of openat2_in_root of launch/inside/inside.cc.
TEST_CASE("p5 links of a root at our own places and at targets of mounts lead nowhere") {
  const TempDirectory victim;  // what a link that is followed out would show, or change
  victim.write("secret", "secret\n", 0666);
  REQUIRE(chmod(victim.path().c_str(), 0777) == 0);
  const TempDirectory data;
  data.write("file", "data\n", 0644);
  const RootDirectory root;
  for (const char* name : {"dev", "proc", "sys", "tmp", "workspace", "run"}) {
    root.link(victim.path(), name);
  }
  REQUIRE(unlink((root.path() + "/etc/passwd").c_str()) == 0);
  root.link(victim.path() + "/secret", "etc/passwd");
  root.link(victim.path(), "out");
  root.link("../../../../../../.." + victim.path(), "up");
  root.link(victim.path() + "/secret", "bin/outside");
  root.directory("opt");
  root.link(victim.path(), "opt/out");
  const Run run = run_target(
      {"--root", root.path(), "--tmpfs", "/out/made", "--mount", data.path() + ":/up/mounted"},
      {"see_path", "/etc/passwd", "/out/secret", "/up/secret", "/opt/out/secret", "/proc/secret",
       "/tmp/secret", "/dev/secret", "/bin/outside", "/dev/null", "/proc/self/status", "-c",
       "/tmp/new", "-c", "/workspace/new"});
  expect_ok(run);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  REQUIRE(lines.size() == 12);
  for (std::size_t i = 0; i < 8; ++i) {
    CAPTURE(lines[i]);
    CHECK(contains(lines[i], "read=2 bytes=0"));
  }
  CHECK(contains(lines[8], "stat=0 read=0"));
  CHECK(contains(lines[9], "stat=0 read=0"));
  CHECK(contains(lines[10], "create=0"));
  CHECK(contains(lines[11], "create=0"));
  CHECK(names_in(victim.path()) == std::vector<std::string>{"secret"});
  CHECK(read_file(victim.path() + "/secret") == "secret\n");
  // As the target of a mount: in the root of the sandbox it does not exist.
  for (const char* target : {"/opt/out/new", "/etc/passwd"}) {
    CAPTURE(target);
    const Run over = run_target({"--root", root.path(), "--mount", data.path() + "/file:" + target},
                                {"minimal"});
    expect_status(over, "error", 2);
    CHECK(over.document.at("error.tag").text() == "files.target");
    CHECK(contains(over.document.at("error.message").text(), target));
  }
  CHECK(names_in(victim.path()) == std::vector<std::string>{"secret"});
  // As a program: a link out is no program.
  const Run outside = run_target({"--root", root.path()}, {"outside"});
  expect_status(outside, "error", 127);
}

// Red: leave "proc" out of is_made_by_us of policy/given_root.cc.
TEST_CASE("p6 a root with a fake proc changes nothing") {
  const RootDirectory root;
  root.directory("proc");
  root.directory("proc/self");
  root.directory("proc/1");
  root.write("proc/self/oom_score_adj", "fake\n");
  root.write("proc/self/uid_map", "fake\n");
  root.write("proc/fake", "fake\n");
  const Run run = run_target({"--root", root.path()},
                             {"see_path", "/proc/fake", "/proc/self/uid_map", "/proc/self/status"});
  expect_ok(run);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  CHECK(contains(lines.at(0), "stat=2"));
  CHECK_FALSE(contains(lines.at(1), "bytes=5 "));
  CHECK(contains(lines.at(2), "stat=0 read=0"));
  CHECK(read_file(root.path() + "/proc/self/oom_score_adj") == "fake\n");
  CHECK(read_file(root.path() + "/proc/self/uid_map") == "fake\n");
}

TEST_CASE("root: a directory and nothing without user namespaces") {
  require("root");
  const RootDirectory root;
  Run run = run_target({"--userns", "never", "--root", root.path()},
                       {"see_path", "/etc/passwd", "/usr/bin", "/proc/self/status"});
  expect_ok(run);
  CHECK(contains(run.stdout_bytes(), "/etc/passwd stat=0 read=0 bytes=7"));
  CHECK(contains(run.stdout_bytes(), "/usr/bin stat=2"));
  run = run_target({"--userns", "never", "--root", "empty"}, {probe("minimal")});
  expect_ok(run);
}

TEST_CASE("unprivileged: a root of the callers links lead nowhere out of it") {
  require("root");  // to become somebody else
  require("userns");
  const TempDirectory victim;
  victim.write("secret", "secret\n", 0644);
  const RootDirectory root;
  root.link(victim.path(), "proc");
  root.link(victim.path(), "out");
  const TempDirectory place;
  Options options;
  options.binary = place.write("sandbox", read_file(binary()), 0755);
  options.needs_host = false;
  options.in_child = [] { become_nobody(); };
  const auto run_as_nobody = [&](const Words& sandbox_options, const Words& command) {
    Words words = {"--memory", "none", "--processes", "none"};
    words.insert(words.end(), sandbox_options.begin(), sandbox_options.end());
    return run_target(words, command, options);
  };
  const Run run = run_as_nobody({"--root", root.path()},
                                {"see_path", "/etc/passwd", "/out/secret", "/proc/secret"});
  expect_ok(run);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  REQUIRE(lines.size() == 3);
  CHECK(contains(lines[0], "stat=0 read=0 bytes=7"));
  CHECK(contains(lines[1], "read=2 bytes=0"));
  CHECK(contains(lines[2], "read=2 bytes=0"));
  const Run target =
      run_as_nobody({"--root", root.path(), "--mount", victim.path() + ":/etc/none"}, {"minimal"});
  expect_status(target, "error", 2);
  CHECK(target.document.at("error.tag").text() == "files.target");
  const std::string program = place.write("minimal", read_file(probe("minimal")), 0755);
  expect_ok(run_as_nobody({"--root", "empty"}, {program}));
}
