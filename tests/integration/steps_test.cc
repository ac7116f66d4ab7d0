// Requests with steps, and `run --build`: programs one after the other in one work directory.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

using namespace sbtest;

namespace {

Run run_request(const std::string& text, const Words& words = {}) {
  Options options;
  options.input = text;
  Words arguments = {"run", "--request", "-"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_sandbox(arguments, options);
}

}  // namespace

// Red: in requests_of_steps, leave out the keys of the document or those of the step.
TEST_CASE("steps: each has its profile and limits and the result has each") {
  const Run run = run_request(R"({"profile": "c", "limits": {"memory": "100MiB"}, "stdin": "last\n",
      "steps": [{"name": "first", "command": ["sh", "-c", "echo one; cat"], "profile": "shell"},
                {"command": ["cat"], "limits": {"memory": "50MiB"}}]})");
  expect_ok(run);
  const Document& document = run.document;
  CHECK(run.stdout_bytes() == "last\n");
  CHECK(document.at("step").text() == "2");
  CHECK(document.at("steps.0.name").text() == "first");
  CHECK(document.at("steps.0.result.stdout.data").text() == "one\n");
  CHECK(document.at("steps.0.result.sandbox.profile").text() == "shell");
  CHECK(document.at("steps.0.result.memory.limit_bytes").integer() == 100 << 20);
  CHECK(document.at("steps.1.name").text() == "2");
  CHECK(document.at("steps.1.result.stdout.data").text() == "last\n");
  CHECK(document.at("steps.1.result.sandbox.profile").text() == "c");
  CHECK(document.at("memory.limit_bytes").integer() == 50 << 20);
}

// Red: in run_steps, go on after a step that did not end well.
TEST_CASE("steps: the first that fails is the last") {
  const TempDirectory directory;
  const std::string text = R"({"steps": [{"command": ["true"]},
      {"name": "bad", "command": ["sh", "-c", "echo no; exit 3"]}, {"command": ["touch", "after"],
       "files": {"workspace": "rw:)" +
                           directory.path() + R"("}}]})";
  const Run run = run_request(text);
  expect_status(run, "exited", 3);
  CHECK(run.document.at("step").text() == "bad");
  CHECK(run.document.at("steps").size() == 2);
  CHECK(run.stdout_bytes() == "no\n");
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/after"));
}

TEST_CASE("steps: all are looked at before the first runs") {
  const TempDirectory directory;
  const std::string text = R"({"steps": [{"command": ["touch", "/workspace/ran"],
      "files": {"workspace": "rw:)" +
                           directory.path() + R"("}},
      {"name": "two", "profile": "no-such", "command": ["true"]}]})";
  expect_usage_error(run_request(text), {"two", "no-such"});
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/ran"));
}

// Red: in Steps::run, do not give_work().
TEST_CASE("steps: the work directory goes on with what each step left there") {
  const Run run = run_request(R"({"steps": [
      {"command": ["sh", "-c", "mkdir d; echo one > d/f; ln -s d/f l; printf '#!/bin/sh\ncat l\n' > p; chmod 750 p; echo x > /tmp/t"]},
      {"command": ["./p"]},
      {"command": ["sh", "-c", "echo two >> d/f; cat l; ls /tmp; stat -c %a p"], "profile": "c"}]})");
  expect_ok(run);
  CHECK(run.document.at("steps.1.result.stdout.data").text() == "one\n");
  CHECK(run.stdout_bytes() == "one\ntwo\n750\n");
}

// Red: in requests_of_steps, keep put and get for every step.
TEST_CASE("steps: what is put in is put once") {
  const TempDirectory directory;
  const std::string in = directory.write("in", "old\n");
  const std::string out = directory.path() + "/out";
  const Run run = run_request(
      R"({"files": {"put": [{"source": ")" + in +
      R"(", "target": "/workspace/f"}], "get": [{"source": "/workspace/f", "target": ")" + out +
      R"("}]}, "steps": [{"command": ["sh", "-c", "echo new > f"]}, {"command": ["cat", "f"]}]})");
  expect_ok(run);
  CHECK(run.stdout_bytes() == "new\n");
  CHECK(read_file(out) == "new\n");
  CHECK(run.document.at("steps.0.result.files").size() == 0);
}

// Red: in has_work, do not ask is_covered().
TEST_CASE("steps: a directory of the host stays as it is") {
  require("owner mapping");
  const TempDirectory shared;
  const std::string kept = shared.write("kept", "kept\n", 0600);
  struct ::stat before {};
  REQUIRE(::stat(kept.c_str(), &before) == 0);
  const Run run = run_request(
      R"({"files": {"mounts": [{"source": ")" + shared.path() +
      R"(", "target": "/workspace", "mode": "rw"}]}, "steps": [{"command": ["touch", "made"]},
                    {"command": ["ls"]}]})");
  expect_ok(run);
  CHECK(run.stdout_bytes() == "kept\nmade\n");
  struct ::stat after {};
  REQUIRE(::stat(kept.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
}

TEST_CASE("steps: of a work directory too large for the next one the run says so") {
  const Run run = run_request(R"({"steps": [
      {"command": ["sh", "-c", "head -c 3000000 /dev/zero > f"]},
      {"command": ["true"], "limits": {"disk": "1MiB"}}]})");
  CHECK(run.exit_status == 125);
  CHECK(run.document.at("status").text() == "error");
  CHECK(run.document.at("error.tag").text() == "files.put");
  CHECK(run.document.at("step").text() == "2");
}

// Red: in build_step, keep all overrides.
TEST_CASE("build: a copy of the directory is built in and the program is what was built") {
  const TempDirectory directory;
  directory.write("main.sh", "#!/bin/sh\necho built $1 $V; cat; ulimit -n\n", 0644);
  Options options;
  options.directory = directory.path();
  options.env = {{"HOME", directory.path()}};
  options.input = "in\n";
  const Words build = {"run",   "--build", "cp main.sh prog; chmod +x prog; ulimit -n",
                       "--env", "V=v",     "--open-files",
                       "50",    "--",      "./prog",
                       "a"};
  Run run = run_sandbox(build, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "built a v\nin\n50\n");
  CHECK(run.document.at("steps.0.result.stdout.data").text() == "1024\n");
  CHECK(run.document.at("steps.0.result.sandbox.profile").text() == "compile");
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/prog"));
  run = run_sandbox({"run", "--build", "echo no >&2; exit 4", "--", "./prog"}, options);
  expect_status(run, "exited", 4);
  CHECK(run.document.at("step").text() == "build");
  CHECK(run.document.bytes("stderr") == "no\n");
  expect_usage_error(run_sandbox({"run", "--build-cache", "true"}, options), {"--build"});
}

namespace {

// Two steps with the empty root: one writes into a file of the work directory and may be kept, one
// looks at it.
class Kept {
 public:
  Kept() : before_(kept_files()) {}
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  // Root's are kept for all of root's runs.
  ~Kept() {
    for (const std::string& file : kept_files()) {
      if (before_.count(file) == 0) {
        (void)::unlink(file.c_str());
      }
    }
  }
  std::string file = "f";
  std::string variable = "1";
  std::string memory = "64MiB";

  Run run() const {
    Options options;
    options.directory = place_.path();
    options.env = {{"HOME", home_.path()}};
    options.input =
        R"({"files": {"root": "empty", "put": [{"source": "in", "target": "/workspace/in"}],
        "mounts": [{"source": ")" +
        tool() + R"(", "target": "/tool"},
        {"source": ")" +
        probe("fill_file") + R"(", "target": "/p/fill_file"},
        {"source": ")" +
        probe("see_path") + R"(", "target": "/p/see_path"}]}, "steps": [
        {"cache": true, "command": ["/p/fill_file", "1", "/workspace/)" +
        file + R"("],
         "environment": {"set": {"V": ")" +
        variable + R"("}}, "limits": {"memory": ")" + memory +
        R"("}}, {"command": ["/p/see_path", "/workspace/)" + file + R"("]}]})";
    return run_sandbox({"run", "--request", "-"}, options);
  }
  bool is_kept() const {
    const Run done = run();
    expect_ok(done);
    CHECK(contains(done.document.at("steps.0.result.stdout.data").text(), "wrote=1048576"));
    CHECK(contains(done.stdout_bytes(), "read=0 bytes=4096"));
    return done.document.at("steps.0.cached").boolean();
  }
  std::string tool() const { return place_.path() + "/tool"; }
  void write(const char* name, const char* text) const { place_.write(name, text); }

 private:
  static std::set<std::string> kept_files() {
    std::set<std::string> files;
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator("/var/cache/sandbox/steps", none)) {
      files.insert(entry.path());
    }
    return files;
  }

  TempDirectory home_;  // where an ordinary user keeps them
  TempDirectory place_;
  std::set<std::string> before_;
};

}  // namespace

// Red: in StepCache::look, leave out add_supply(), add_command(), add_limits() or add_shown().
TEST_CASE("steps: what is kept is taken only where all that goes in is as it was") {
  Kept step;
  step.write("tool", "1\n");
  step.write("in", "1\n");
  CHECK_FALSE(step.is_kept());
  CHECK(step.is_kept());
  step.file = "g";
  CHECK_FALSE(step.is_kept());
  step.variable = "2";
  CHECK_FALSE(step.is_kept());
  step.memory = "65MiB";
  CHECK_FALSE(step.is_kept());
  step.write("in", "2\n");
  CHECK_FALSE(step.is_kept());
  step.write("tool", "2\n");
  CHECK_FALSE(step.is_kept());
  CHECK(step.is_kept());
}
