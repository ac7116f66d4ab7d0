// --root: nothing at all, or a directory of the caller's that may be hostile.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "harness.h"
#include "tar.h"

using namespace sbtest;

namespace {

// A root file system of a few probes: /bin, /etc, /lib with a link to it, and what a test adds.
class RootDirectory {
 public:
  RootDirectory() {
    for (const char* name : {"bin", "etc", "usr", "usr/lib"}) {
      REQUIRE(mkdir((path() + "/" + name).c_str(), 0755) == 0);
    }
    for (const char* name : {"see_path", "print_args", "minimal"}) {
      directory_.write(std::string("bin/") + name, read_file(probe(name)), 0755);
    }
    directory_.write("etc/passwd", "theirs\n", 0644);
    link("usr/lib", "lib");
  }
  const std::string& path() const { return directory_.path(); }
  void link(const std::string& target, const std::string& name) const {
    REQUIRE(symlink(target.c_str(), (path() + "/" + name).c_str()) == 0);
  }
  void write(const std::string& name, const std::string& text) const {
    directory_.write(name, text, 0644);
  }
  void directory(const std::string& name) const {
    REQUIRE(mkdir((path() + "/" + name).c_str(), 0755) == 0);
  }

 private:
  TempDirectory directory_;
};

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

namespace {

// Runs a script where nothing is kept of earlier runs, and gives what it wrote.
std::string run_script(const std::string& directory, const std::string& script) {
  const TempDirectory place;
  place.write("script", "set -e; mount -t tmpfs t /var/cache/sandbox; cd '" + directory +
                            "'; sandbox='" + binary() + "'; " + script);
  const std::string out = place.path() + "/out";
  const std::string command =
      "mkdir -p /var/cache/sandbox && unshare --mount sh " + place.path() + "/script > " + out;
  CHECK(std::system(command.c_str()) == 0);
  return read_file(out);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("root: what is neither directory nor archive is refused") {
  const TempDirectory place;
  const std::string archive = place.write("root.tar", "ustar", 0644);
  const Run run = run_target({"--root", archive}, {"true"});
  INFO(run.describe());
  CHECK(run.exit_status == 125);
  CHECK(run.document.at("error.tag").text() == "files.archive");
  const Run missing = run_target({"--root", archive + "/none"}, {"true"});
  CHECK(missing.exit_status == 2);
}

// Red: lock_alone() does not lock: several unpack it, and all but one fail.
TEST_CASE("root: a directory and an archive are shared read-only by many runs at once") {
  require("root");
  require("bsdtar");
  const RootDirectory root;
  const TempDirectory place;
  REQUIRE(link((root.path() + "/bin/minimal").c_str(), (root.path() + "/bin/other").c_str()) == 0);
  REQUIRE(std::system(("tar -C " + root.path() + " -cf " + place.path() + "/r.tar . && tar -C " +
                       root.path() + " -czf " + place.path() + "/r.tgz .")
                          .c_str()) == 0);
  for (const std::string& what : {root.path(), std::string("./r.tar"), std::string("./r.tgz")}) {
    CAPTURE(what);
    const std::string out = run_script(
        place.path(), "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do $sandbox run --root " +
                          what +
                          " -- see_path /bin/other /etc/passwd /lib/. & done; wait; "
                          "echo; ls /var/cache/sandbox/roots 2>/dev/null | sed s/^/kept=/");
    CHECK(count_of(out, R"("status":"ok")") == 16);
    CHECK(count_of(out, "kept=") == (what == root.path() ? 0 : 1));
  }
}

// Red: open_ours() asks for no owner: the foreign entry is taken.
TEST_CASE("root: an archive that has changed and a foreign or unfinished entry are made anew") {
  require("root");
  const RootDirectory root;
  const TempDirectory place;
  const std::string pack = "tar -C " + root.path() + " -cf r.tar .; ";
  const std::string run =
      "$sandbox run --root ./r.tar -- see_path /bin/minimal /new | "
      "grep -o '\"status\":\"[a-z]*\"'; ls /var/cache/sandbox/roots | wc -l; ";
  const std::string out = run_script(
      place.path(), pack + run + "mkdir -p /var/cache/sandbox/roots/new.1/x; cd " + root.path() +
                        "; entry=$(echo /var/cache/sandbox/roots/????????*); cd - >/dev/null; "
                        "rm -r $entry/bin; chown 4242 $entry; " +
                        run + "echo x >> r.tar; " + run);
  CHECK(out == "\"status\":\"ok\"\n1\n\"status\":\"ok\"\n1\n\"status\":\"ok\"\n2\n");
}

// Red: unpack_root() does not say whole_root: an absolute link of the root is refused.
TEST_CASE("p5 an archive that is a root writes nothing outside of its directory") {
  require("root");
  const TempDirectory place;
  const std::string victim = place.write("victim", "theirs\n");
  struct Row {
    std::string archive;
    std::string tag;
  };
  const Row rows[] = {
      {Tar().add("l", '2', "", place.path()).file("l/victim", "ours\n").end(), "files.put"},
      {Tar().file("../../../../../.." + victim, "ours\n").end(), "files.archive"},
      {Tar().file(victim, "ours\n").end(), "files.archive"},
      {Tar().add("h", '1', "", "../.." + victim).end(), "files.archive"},
      {Tar().add("l", '2', "", place.path()).add("h", '1', "", "l/victim").end(), "files.put"},
      {Tar().add("h", '1', "", "none").end(), "files.put"},
      {std::string(512, 'x'), "files.archive"},
      {Tar().add("f", '0', "short", "", 1 << 20).cut(), "files.archive"},
      {Tar()
           .add("bin", '5', "", "", -1, 0755)
           .add("bin/null", '3')
           .add("away", '2', "", "/nowhere")
           .add("bin/m", '0', read_file(probe("minimal")), "", -1, 04755)
           .add("bin/minimal", '1', "", "bin/m")
           .end(),
       ""},
  };
  for (const Row& row : rows) {
    place.write("r.tar", row.archive);
    const std::string out = run_script(place.path(),
                                       "$sandbox run --root ./r.tar -- minimal || :; echo; "
                                       "find /var/cache/sandbox/roots -perm /6000 -o -type c");
    CAPTURE(out);
    CHECK(contains(out, row.tag.empty() ? R"("status":"ok")" : R"("tag":")" + row.tag + '"'));
    CHECK_FALSE(contains(out, "cache/sandbox/roots"));
    CHECK(read_file(victim) == "theirs\n");
  }
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
