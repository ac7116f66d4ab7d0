// p23, p33: whatever state the caller is in, the program starts in the same one.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "harness.h"

using namespace sbtest;

namespace {

// What show_self says of a run started by a plain caller, without what differs between runs.
std::string stable(const std::string& text) {
  std::string result;
  for (const std::string& line : lines_of(text)) {
    const std::string key = line.substr(0, line.find_first_of(":="));
    for (const char* kept :
         {"uid",        "gid",           "groups",   "own_session", "own_process_group",
          "umask",      "core",          "nofile",   "stack",       "nice",
          "policy",     "cpus",          "hostname", "cwd",         "blocked",
          "ignored",    "oom_score_adj", "cgroup",   "CapEff",      "CapBnd",
          "NoNewPrivs", "Seccomp",       "SigBlk",   "SigIgn",      "SigPnd",
          "ShdPnd",     "Threads"}) {
      if (key == kept) {
        result += line + "\n";
      }
    }
  }
  return result;
}

void expect_same_inside(std::function<void()> in_child) {
  Options options;
  const Run plain = run_target({}, {probe("show_self")}, options);
  expect_ok(plain);
  options.in_child = std::move(in_child);
  const Run run = run_target({}, {probe("show_self")}, options);
  INFO(run.describe());
  expect_ok(run);
  CHECK(stable(run.stdout_bytes()) == stable(plain.stdout_bytes()));
}

void set_limit(__rlimit_resource which, rlim_t value) {
  const rlimit limit = {value, value};
  (void)setrlimit(which, &limit);
}

void set_soft_limit(__rlimit_resource which, rlim_t value) {
  rlimit limit = {};
  (void)getrlimit(which, &limit);
  limit.rlim_cur = value;
  (void)setrlimit(which, &limit);
}

void write_text(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  (void)!write(fd, text, strlen(text));
  close(fd);
}

}  // namespace

TEST_CASE("p23 started with SIGCHLD ignored") {
  expect_same_inside([] { signal(SIGCHLD, SIG_IGN); });
}

// Red: begin the loop of reset_signals of launch/inside/target.cc with `number < 1`.
TEST_CASE("p23 started with every signal ignored") {
  expect_same_inside([] {
    for (int number = 1; number <= 64; ++number) {
      signal(number, SIG_IGN);
    }
  });
}

TEST_CASE("p23 started with every signal blocked") {
  expect_same_inside([] {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
  });
}

TEST_CASE("p23 a blocked callers limits still hold") {
  Options options;
  options.in_child = [] {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    signal(SIGCHLD, SIG_IGN);
  };
  const Run run = run_target({"--wall-time", "300ms"}, {"sleep", "10"}, options);
  expect_limit(run, "wall_time_limit", "wall_time", 124);
  expect_exited(run_target({}, {"sh", "-c", "exit 3"}, options), 3);
  expect_signal(run_target({}, {"sh", "-c", "kill -TERM $$"}, options), SIGTERM);
}

TEST_CASE("p23 started with odd limits") {
  expect_same_inside([] { set_soft_limit(RLIMIT_NOFILE, 64); });
  expect_same_inside([] { set_soft_limit(RLIMIT_STACK, 1 << 20); });
  expect_same_inside([] { set_soft_limit(RLIMIT_FSIZE, 1 << 20); });
  expect_same_inside([] { set_limit(RLIMIT_CPU, 3600); });
  expect_same_inside([] { set_limit(RLIMIT_NPROC, 4096); });
}

TEST_CASE("p23 started with hard limits below the profiles") {
  const std::pair<__rlimit_resource, rlim_t> table[] = {
      {RLIMIT_NOFILE, 64}, {RLIMIT_STACK, 1 << 20}, {RLIMIT_FSIZE, 1 << 20}};
  for (const auto& [which, value] : table) {
    CAPTURE(static_cast<int>(which));
    Options options;
    options.in_child = [which = which, value = value] { set_limit(which, value); };
    const Run run = run_target({}, {probe("show_self")}, options);
    INFO(run.describe());
    // Raising them takes CAP_SYS_RESOURCE, which root in a container may lack.
    if (run.exit_status == 0) {
      expect_ok(run);
    } else {
      CHECK(run.exit_status == 125);
      CHECK(run.document.at("error.tag").text() == "launch.rlimit");
      CHECK_FALSE(run.document.at("error.hint").text().empty());
    }
  }
  // No core at all is what that limit is for.
  Options options;
  options.in_child = [] { set_limit(RLIMIT_CORE, 0); };
  const Run run = run_target({}, {probe("show_self")}, options);
  expect_ok(run);
  CHECK((value_of(run.stdout_bytes(), "core") == "0,0" ||
         value_of(run.stdout_bytes(), "core") == "1,1"));
}

TEST_CASE("p23 started with too small limits fails with an error or runs") {
  for (const rlim_t files : {3, 6, 10, 16, 24}) {
    CAPTURE(files);
    Options options;
    options.in_child = [files] { set_limit(RLIMIT_NOFILE, files); };
    const Run run = run_target({}, {"true"}, options);
    INFO(run.describe());
    // Never a verdict on the program, which did not run.
    CHECK((run.exit_status == 0 || run.exit_status == 125 || run.exit_status == 2));
    if (run.exit_status != 0 && run.document.is_present()) {
      CHECK(run.document.at("status").text() == "error");
    }
  }
}

TEST_CASE("p23 started with a file size limit of zero") {
  Options options;
  options.in_child = [] { set_limit(RLIMIT_FSIZE, 0); };
  const Run run = run_target({}, {"true"}, options);
  INFO(run.describe());
  CHECK((run.exit_status == 0 || run.exit_status == 125));
}

TEST_CASE("p23 started from a directory that is gone") {
  Options options;
  options.in_child = [] {
    char name[] = "/tmp/sbtest.XXXXXX";
    if (mkdtemp(name) == nullptr || chdir(name) != 0 || rmdir(name) != 0) {
      _exit(122);
    }
  };
  const Run run = run_target({}, {"true"}, options);
  expect_ok(run);
  CHECK(run_target({}, {"sh", "-c", "pwd"}, options).stdout_bytes() == "/workspace\n");
}

TEST_CASE("p23 started with stdin closed") {
  Options options;
  options.in_child = [] { close(0); };
  const Run run = run_target({}, {"sh", "-c", "cat; echo done; ls /proc/self/fd | wc -l"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "done\n4\n");
}

TEST_CASE("p23 started with stdout closed") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  Options options;
  options.in_child = [] { close(1); };
  Run run = run_target({"--result", result}, {"echo", "hi"}, options);
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  Document document = Document::parse(read_file(result));
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == "ok");
  CHECK(document.bytes("stdout") == "hi\n");
  // With nowhere to write the result the caller must not be told that all is well.
  run = run_target({}, {"echo", "hi"}, options);
  CHECK(run.exit_status == 125);
}

TEST_CASE("p23 started with stderr closed and with nothing open") {
  Options options;
  options.in_child = [] { close(2); };
  const Run run = run_target({}, {"sh", "-c", "echo out; echo err >&2"}, options);
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(run.stdout_bytes() == "out\n");
  CHECK(run.document.bytes("stderr") == "err\n");
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  options.in_child = [] {
    for (int fd = 0; fd < 1024; ++fd) {
      close(fd);
    }
  };
  const Run bare = run_target({"--result", result}, {probe("list_fds")}, options);
  CHECK(bare.exit_status == 0);
  const Document document = Document::parse(read_file(result));
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == "ok");
  CHECK(lines_of(document.bytes("stdout")).size() == 6);
}

TEST_CASE("p23 a caller that is nice batch pinned and has an umask") {
  // Kernel: back to a lower level only with CAP_SYS_NICE (setpriority(2)); a user's own stays.
  if (geteuid() == 0) {
    expect_same_inside([] { (void)!nice(5); });
  }
  expect_same_inside([] { umask(0777); });
  expect_same_inside([] {
    sched_param param = {};
    sched_setscheduler(0, SCHED_BATCH, &param);
  });
  expect_same_inside([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
  });
}

// Red: let reset_oom_score of launch/launch.cc return at once.
TEST_CASE("p33 the callers out-of-memory score does not come along") {
  expect_same_inside([] { write_text("/proc/self/oom_score_adj", "-500"); });
  expect_same_inside([] { write_text("/proc/self/oom_score_adj", "500"); });
  // And so a hog is still the one that is killed.
  Options options;
  options.in_child = [] { write_text("/proc/self/oom_score_adj", "-900"); };
  const Run run = run_target({"--memory", "32M"}, {probe("eat_memory"), "200"}, options);
  expect_limit(run, "memory_limit", "memory", 137);
}

TEST_CASE("p23 a caller in a session and with a keep-capabilities flag") {
  expect_same_inside([] { setsid(); });
  expect_same_inside([] { prctl(PR_SET_KEEPCAPS, 1); });
  expect_same_inside([] { prctl(PR_SET_DUMPABLE, 0); });
  expect_same_inside([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });
  expect_same_inside([] { prctl(PR_SET_CHILD_SUBREAPER, 1); });
}

TEST_CASE("p1 a callers directory descriptor leads nowhere") {
  const int root = open("/", O_RDONLY | O_DIRECTORY);
  Options options;
  options.fds = {{5, root}, {100, root}, {1000, root}};
  const Run run = run_target(
      {},
      {"sh", "-c", "for n in 3 5 100 1000; do ls /proc/self/fd/$n/root 2>/dev/null; done; exit 0"},
      options);
  close(root);
  expect_ok(run);
  CHECK(run.stdout_bytes().empty());
}
