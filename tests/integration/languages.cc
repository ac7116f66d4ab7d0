#include "languages.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace sbtest {

namespace fs = std::filesystem;

namespace {

// What tells where a toolchain lives that is not below /usr.
const std::map<std::string, std::string> prefix_commands = {
    {"python3", "python3 -c 'import sys; print(sys.base_prefix)'"},
    {"node", "dirname $(dirname $(node -p process.execPath))"},
    {"java", "java -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.home = //p'"},
    {"javac", "java -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.home = //p'"},
    {"go", "go env GOROOT"},
    {"rustc", "rustc --print sysroot"},
};

std::string first_line_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char line[4096] = "";
  const bool read = std::fgets(line, sizeof line, pipe) != nullptr;
  const bool ended = pclose(pipe) == 0;
  INFO(command);
  REQUIRE((read && ended));
  const std::string text = line;
  return text.substr(0, text.find('\n'));
}

bool is_shown(const std::string& name) {
  for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"}) {
    std::error_code failed;
    const std::string real = fs::canonical(folder + name, failed).string();
    if (!failed && access(real.c_str(), X_OK) == 0) {
      return real.rfind("/usr/", 0) == 0 || real.rfind("/bin/", 0) == 0;
    }
  }
  return false;
}

std::string source_folder() { return std::string(SANDBOX_SOURCE_DIR) + "/tests/languages/"; }

}  // namespace

Tool tool(const std::string& name) {
  require(name);
  if (is_shown(name)) {
    return {{}, name};
  }
  const auto command = prefix_commands.find(name);
  REQUIRE_MESSAGE(command != prefix_commands.end(), name << " is not below /usr");
  const std::string prefix = first_line_of(command->second);
  return {{"--mount", prefix + ":" + prefix + ":ro"}, prefix + "/bin/" + name};
}

void Program::build(const std::string& compiler, const std::string& options) {
  require(compiler);
  const std::string command =
      "cd " + directory_.path() + " && " + compiler + " " + options + " " + name_;
  INFO(command);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
  REQUIRE(std::system(command.c_str()) == 0);
}

Program::Program(const std::string& file) {
  require("root");
  const fs::path path = file;
  const std::string language = path.parent_path().string();
  const std::string ending = path.extension().string();
  name_ = path.filename().string();
  stem_ = path.stem().string();
  directory_.write(name_, read_file(source_folder() + file));
  options_ = {"--profile", language};
  const std::map<std::string, std::string> interpreters = {
      {".py", "python3"}, {".js", "node"}, {".pl", "perl"}, {".sh", "bash"}, {".java", "java"}};
  const auto interpreter = interpreters.find(ending);
  if (interpreter == interpreters.end()) {
    build(ending == ".cc" ? "g++" : "rustc",
          ending == ".cc" ? "-std=c++20 -O1 -pthread -o " + stem_ : "-O -o " + stem_);
    command_ = {directory_.path() + "/" + stem_};
    return;
  }
  const Tool found = tool(interpreter->second);
  options_.insert(options_.end(), found.options.begin(), found.options.end());
  options_.insert(options_.end(), {"--mount", directory_.path() + ":/programs:ro"});
  command_ = {found.path, "/programs/" + name_};
  if (ending == ".java") {
    build("javac", "-nowarn -XDenableSunApiLintControl -d .");
    command_ = {found.path, "-cp", "/programs", stem_};
  }
}

Run Program::run(const Words& arguments, const Words& sandbox_options) const {
  Words options = options_;
  options.insert(options.end(), sandbox_options.begin(), sandbox_options.end());
  Words command = command_;
  auto first = arguments.begin();
  // What starts with -X is for the virtual machine, --max for V8: both stand before the program.
  for (; first != arguments.end() && first->rfind("-", 0) == 0; ++first) {
    command.insert(command.begin() + 1, *first);
  }
  command.insert(command.end(), first, arguments.end());
  Options with_time;
  with_time.timeout_s = 60;
  return run_target(options, command, with_time);
}

void expect_prints(const std::string& file, const std::string& output, const Words& arguments) {
  const Run run = Program(file).run(arguments);
  expect_ok(run);
  INFO(run.describe());
  CHECK(run.stdout_bytes() == output);
  CHECK(run.document.bytes("stderr").empty());
  CHECK(run.document.at("processes.limit_hits").integer() == 0);
  CHECK(run.document.at("memory.oom_kills").integer() == 0);
}

void expect_heap(const std::string& file, int fits, int too_much) {
  const Program program(file);
  const Run good = program.run({std::to_string(fits)});
  expect_ok(good);
  CHECK(good.document.at("memory.peak_bytes").integer() > std::int64_t{fits} << 20);
  const Run bad = program.run({std::to_string(too_much)});
  expect_limit(bad, "memory_limit", "memory", 137);
  CHECK(bad.stdout_bytes().empty());
}

}  // namespace sbtest
