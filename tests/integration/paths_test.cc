// Pitfall 4: odd paths, above all with a slash at their end, lead nowhere that a plain one would
// not.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "harness.h"

using namespace sbtest;

namespace {

// A root with links out of it, at its top and below, and what they point to.
class Hostile {
 public:
  Hostile() {
    require("root");
    victim_.write("secret", "secret\n", 0666);
    REQUIRE(chmod(victim_.path().c_str(), 0777) == 0);
    for (const char* name : {"bin", "opt", "opt/deep"}) {
      REQUIRE(mkdir((root_.path() + "/" + name).c_str(), 0755) == 0);
    }
    root_.write("bin/see_path", read_file(probe("see_path")), 0755);
    for (const char* name : {"out", "opt/out", "opt/deep/out"}) {
      link(victim_.path(), name);
    }
    link("../../../../../../../.." + victim_.path(), "up");
    link(victim_.path() + "/secret", "opt/file");
    link("loop", "loop");
    data_.write("file", "data\n", 0644);
  }
  void link(const std::string& target, const std::string& name) const {
    REQUIRE(symlink(target.c_str(), (root_.path() + "/" + name).c_str()) == 0);
  }
  const std::string& root() const { return root_.path(); }
  const std::string& data() const { return data_.path(); }
  void expect_untouched() const {
    CHECK(read_file(victim_.path() + "/secret") == "secret\n");
    int entries = 0;
    for (const auto& entry : std::filesystem::directory_iterator(victim_.path())) {
      entries += entry.exists() ? 1 : 0;
    }
    CHECK(entries == 1);
  }

 private:
  TempDirectory victim_;
  TempDirectory root_;
  TempDirectory data_;
};

// "/a/../out//./": one to four parts, and what may stand at the end.
std::string odd_path(std::minstd_rand& random) {
  const char* const parts[] = {"out", "up", "opt", "opt/deep", "opt/file", "loop", "new",
                               "out", "up", "opt", "opt/deep", "..",       "."};
  const char* const ends[] = {"", "/", "//", "///", "/secret", "/secret/", "/.", "/.."};
  std::string path;
  for (unsigned long left = 1 + random() % 4; left > 0; --left) {
    path += std::string("/") + parts[random() % std::size(parts)];
  }
  return path + ends[random() % std::size(ends)];
}

// Mounts a directory, a file or a tmpfs at `target`. Returns whether the program ran.
bool mount_at(const Hostile& hostile, const std::string& target, std::size_t kind) {
  CAPTURE(target);
  CAPTURE(kind);
  const Words mounts[] = {{"--mount", hostile.data() + ":" + target},
                          {"--mount", hostile.data() + "/file:" + target},
                          {"--tmpfs", target}};
  Words options = {"--root", hostile.root(), "--disk", "1M"};
  options.insert(options.end(), mounts[kind].begin(), mounts[kind].end());
  const std::string place = target.substr(0, target.find_last_not_of('/') + 1);
  const Run run = run_target(options, {"see_path", place, place + "/file", "-c", place + "/made",
                                       "/out/secret", "/up/secret", "/opt/out/secret"});
  INFO(run.describe());
  CHECK((run.exit_status == 0 || run.exit_status == 2 || run.exit_status == 125 ||
         run.exit_status == 127));
  CHECK_FALSE(contains(run.out, "bytes=7"));  // the length of the secret
  hostile.expect_untouched();
  if (run.exit_status != 0) {
    return false;
  }
  // What was mounted is there, and not on something of the host's instead.
  const Words lines = lines_of(run.stdout_bytes());
  REQUIRE(lines.size() == 6);
  CHECK((kind != 0 || contains(lines[1], "bytes=5")));
  CHECK((kind != 1 || contains(lines[0], "bytes=5")));
  CHECK((kind != 2 || contains(lines[2], "create=0")));
  return true;
}

}  // namespace

// Red: leave RESOLVE_IN_ROOT out of openat2_in_root of launch/inside/inside.cc.
TEST_CASE("p4 odd targets of mounts lead nowhere out of the root") {
  const Hostile hostile;
  for (const char* target : {"/opt/out", "/opt/out/secret", "/opt/deep/out", "/opt/file"}) {
    for (std::size_t kind = 0; kind < 3; ++kind) {
      (void)mount_at(hostile, target, kind);
    }
  }
  std::minstd_rand random(4);
  int ran = 0;
  for (std::size_t round = 0; round < 45; ++round) {
    ran += mount_at(hostile, odd_path(random), round % 3) ? 1 : 0;
  }
  CHECK(ran > 5);
}

TEST_CASE("p4 odd paths inside lead nowhere out of the root") {
  const Hostile hostile;
  std::minstd_rand random(44);
  Words command = {"see_path"};
  for (int i = 0; i < 300; ++i) {
    command.push_back(odd_path(random));
  }
  const Run run = run_target({"--root", hostile.root()}, command);
  expect_ok(run);
  CHECK(lines_of(run.stdout_bytes()).size() == 300);
  CHECK_FALSE(contains(run.stdout_bytes(), "bytes=7"));
  hostile.expect_untouched();
}

TEST_CASE("p4 a slash at the end of a file is an error that names it") {
  const TempDirectory directory;
  const std::string file = directory.write("file", "text\n", 0755);
  REQUIRE(symlink("file", (directory.path() + "/link").c_str()) == 0);
  REQUIRE(symlink("none", (directory.path() + "/dangling").c_str()) == 0);
  for (const char* name : {"file/", "link/", "link//", "link/.", "dangling/", "none/", "none/."}) {
    CAPTURE(std::string(name));
    const std::string path = directory.path() + "/" + name;
    for (const Words& options :
         {Words{"--stdin", path}, Words{"--stdout", path}, Words{"--events", path},
          Words{"--result", path}, Words{"--mount", path + ":/opt/x"}, Words{"--root", path},
          Words{"--workspace", "ro:" + path}}) {
      CAPTURE(options[0]);
      const Run run = run_target(options, {"true"});
      INFO(run.describe());
      CHECK((run.exit_status == 2 || run.exit_status == 125));
      CHECK(contains(run.err + run.out, directory.path()));
    }
    CHECK(run_target({}, {path}).exit_status >= 126);
    CHECK(read_file(file) == "text\n");
    CHECK(std::filesystem::exists(directory.path() + "/none") == false);
  }
}
