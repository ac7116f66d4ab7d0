// --root: an archive, which is unpacked once, whatever it holds, and shared.
#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "root_directory.h"
#include "tar.h"

using namespace sbtest;

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
  Options options;  // Why: an ordinary user keeps what is unpacked at home.
  options.env = {{"HOME", place.path()}};
  const Run run = run_target({"--root", archive}, {"true"}, options);
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

// Red: outcome_of_preparation() without its last lines.
TEST_CASE("root: who waits for another that unpacks can be cancelled") {
  require("root");
  const TempDirectory place;
  place.write("r.tar", Tar().file("f", "1").end());
  const std::string out = run_script(
      place.path(),
      "mkdir -m 0700 /var/cache/sandbox/roots; exec 9</var/cache/sandbox/roots; flock 9; "
      "$sandbox run --root ./r.tar -- /f & pid=$!; "
      "until grep -q '^" +
          std::to_string(SYS_clock_nanosleep) +
          " ' /proc/$pid/syscall; do kill -0 $pid; done; "
          "kill -TERM $pid; wait $pid || echo; echo exit=$?; ls /var/cache/sandbox/roots");
  CAPTURE(out);
  CHECK(contains(out, R"("status":"cancelled")"));
  CHECK(contains(out, R"("error":null)"));
}

// Red: unpack() of supervise/root_archive.cc without feeding.end(): it waits for ever.
TEST_CASE("root: who is cancelled while it unpacks does not wait for the rest") {
  require("root");
  const TempDirectory place;
  place.write("r.tar", Tar().add("f", '0', "", "", 256 << 20).cut());
  REQUIRE(truncate((place.path() + "/r.tar").c_str(), 300 << 20) == 0);
  const std::string out = run_script(
      place.path(),
      "timeout -s KILL 40 $sandbox run --root ./r.tar -- /f & killer=$!; "
      "until pid=$(cat /proc/$killer/task/$killer/children) && test -n \"$pid\"; do :; done; "
      "pid=${pid% }; "
      "until helper=$(cat /proc/$pid/task/$pid/children) && test -n \"$helper\"; do :; done; "
      "kill -STOP $helper; kill -TERM $pid; kill -CONT $helper; "
      "wait $killer || echo exit=$?; ls /var/cache/sandbox/roots");
  CAPTURE(out);
  CHECK(contains(out, R"("status":"cancelled")"));
  CHECK(contains(out, "exit=143\n"));
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
