// `run --program`: a program that comes as bytes.
#include <cerrno>
#include <csignal>
#include <filesystem>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"

using namespace sbtest;

namespace {

// What `run --program - WORDS` does with these bytes.
Run run_bytes(const std::string& bytes, const Words& words = {}) {
  Options options;
  options.input = bytes;
  Words arguments = {"run", "--program", "-"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_sandbox(arguments, options);
}

// What /proc shows the bytes of a program as that came on stdin of `pid`; empty: they are not
// there.
std::string kept_program(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (std::filesystem::read_symlink(entry.path()).string().starts_with("/memfd:program")) {
      return entry.path().string();
    }
  }
  return "";
}

}  // namespace

// Red: let set_input() give the caller's stdin to a program that came on it.
TEST_CASE("program: from stdin all words are its arguments and its input is empty") {
  Run run = run_bytes(read_file(probe("print_args")), {"--", "a b", "--program"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "3:a b,9:--program,");
  const std::string script = "#!/bin/sh\necho $0 $1; cat\n";
  run = run_bytes(script, {"x"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "/workspace/program x\n");
  const TempDirectory directory;
  run = run_bytes(script, {"--stdin", directory.write("in", "input\n"), "x"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "/workspace/program x\ninput\n");
}

// Red: make the copied program's file writable.
TEST_CASE("program: from stdin it has a path of its own and can not be changed") {
  const Run run = run_bytes(read_file("/bin/readlink"), {"/proc/self/exe"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "/workspace/program\n");
  const Run changed = run_bytes(
      "#!/bin/sh\nexec 2>/dev/null\necho x >> $0 || echo kept\nrm $0 || echo kept\n"
      "mv /tmp $0 || echo kept\ncat $0 | tail -n 1\n");
  expect_ok(changed);
  CHECK(changed.stdout_bytes() == "kept\nkept\nkept\ncat $0 | tail -n 1\n");
}

// Red: take the call of seal() out of sealed_memfd_of().
TEST_CASE("program: from stdin it is kept in memory where nobody can change it") {
  require("root");
  Options options;
  options.input = "#!/bin/sh\necho ready\nexec sleep 60\n";
  Running running({"run", "--pass", "--program", "-"}, options);
  running.wait_for_output("ready");
  const std::string kept = kept_program(running.pid());
  REQUIRE_FALSE(kept.empty());
  const int fd = ::open(kept.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  CHECK(::write(fd, "x", 1) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(fd, 0) == -1);
  CHECK(errno == EPERM);
  (void)::close(fd);
  CHECK(read_file(kept) == options.input);
  running.send_signal(SIGTERM);
  CHECK(running.finish().exit_status == 128 + SIGTERM);
}

// Red: take SIGXFSZ out of main().
TEST_CASE("program: beyond the callers limit of file sizes is an error and no signal") {
  Options options;
  options.input = std::string(100'000, '#');
  options.in_child = [] {
    const rlimit limit{.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  const Run run = run_sandbox({"run", "--program", "-"}, options);
  INFO(run.describe());
  CHECK(run.exit_status == 2);
  CHECK(run.err.find("File too large") != std::string::npos);
}

TEST_CASE("program: of a file its bytes run whoever may execute it") {
  const TempDirectory directory;
  const std::string file = directory.write("f", read_file(probe("print_args")), 0600);
  Options options;
  options.input = "the callers";
  const Run run = run_sandbox({"run", "--program", file, "a"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "1:a,");
  const Run input =
      run_sandbox({"run", "--program", directory.write("cat", "#!/bin/sh\ncat\n", 0600)}, options);
  expect_ok(input);
  CHECK(input.stdout_bytes() == "the callers");
}

TEST_CASE("program: what is none is one line and status 2 and nothing runs") {
  expect_usage_error(run_bytes(""), {"program", "stdin"});
  expect_usage_error(run_bytes("x", {"--stdin", "-"}), {"--stdin", "program"});
  expect_usage_error(run_bytes("x", {"--request", "-"}), {"--program", "request"});
  expect_usage_error(run_sandbox({"run", "--program", "/no/such"}), {"/no/such"});
  expect_usage_error(run_sandbox({"run", "--program", "/"}), {"directory"});
  // Limit: 64 MiB. Endless input is not read to its end.
  expect_usage_error(run_sandbox({"run", "--program", "/dev/zero"}), {"too large"});
  const Run run = run_bytes("neither");
  expect_status(run, "error", 126);
  CHECK(run.document.at("error.tag").text() == "program.not_executable");
}
