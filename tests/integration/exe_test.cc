// The program that runs the sandbox, and the one that it runs, can't be changed from inside.
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness.h"

using namespace sbtest;

namespace {

constexpr unsigned nobody = 65534;

// Copies of the binary and of the probe that belong to the caller, so that nothing but the sandbox
// keeps the target from writing them.
class Copies {
 public:
  explicit Copies(bool unprivileged) {
    require("root");
    binary_ = directory_.write("sandbox", read_file(binary()), 0755);
    program_ = directory_.write("program", read_file(probe("overwrite_exe")), 0755);
    self_ = directory_.write("self", "#!/proc/self/exe run\n", 0755);
    init_ = directory_.write("init", "#!/proc/1/exe\n", 0755);
    options_.binary = binary_;
    if (unprivileged) {
      require("userns");
      for (const std::string& file : {directory_.path(), binary_, program_, self_, init_}) {
        REQUIRE(chown(file.c_str(), nobody, nobody) == 0);
      }
      options_.needs_host = false;
      options_.in_child = [] {
        become_nobody();
        prctl(PR_SET_DUMPABLE, 1);
      };
    }
  }

  Run run(const std::string& program, const Words& more = {}) const {
    Words words = {"--memory", "none", "--processes", "none", "--wall-time", "20s"};
    words.insert(words.end(), more.begin(), more.end());
    return run_target(words, {program, "300"}, options_);
  }

  void expect_unchanged() const {
    CHECK(read_file(binary_) == read_file(binary()));
    CHECK(read_file(program_) == read_file(probe("overwrite_exe")));
    CHECK(read_file(self_) == "#!/proc/self/exe run\n");
  }
  const std::string& directory() const { return directory_.path(); }
  const std::string& sandbox() const { return binary_; }
  const std::string& program() const { return program_; }
  const std::string& self() const { return self_; }
  const std::string& init() const { return init_; }

 private:
  TempDirectory directory_;
  std::string binary_;
  std::string program_;
  std::string self_;
  std::string init_;
  Options options_;
};

void expect_nothing_written(bool unprivileged) {
  CAPTURE(unprivileged);
  const Copies copies(unprivileged);
  const Run run = copies.run(copies.program());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "written=0\n");
  copies.expect_unchanged();
  // The sandbox itself as the program, and as the interpreter of a script: whatever becomes of it.
  for (const std::string& program : {copies.sandbox(), copies.self(), copies.init()}) {
    const Run itself = copies.run(program);
    INFO(itself.describe());
    CHECK_FALSE(itself.document.at("status").text() == "ok");
    copies.expect_unchanged();
  }
  // Its directory shown read-only: the same files by another way.
  const Run shown = copies.run(copies.program(), {"--workspace", "ro:" + copies.directory()});
  expect_ok(shown);
  CHECK(shown.stdout_bytes() == "written=0\n");
  copies.expect_unchanged();
}

}  // namespace

TEST_CASE("p2 the binary of the sandbox can not be overwritten through proc") {
  expect_nothing_written(false);
}

// Red: give the mount of a program in policy/find_program.cc the mode read_write.
TEST_CASE("p2 unprivileged: the binary of the sandbox can not be overwritten through proc") {
  expect_nothing_written(true);
}
