// Numbers of processes that come round quickly: nobody else's process is ever signalled.
#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "harness.h"

using namespace sbtest;

namespace {

constexpr int few_pids = 400;

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return static_cast<bool>(file);
}

// Kernel: since 6.14 each pid namespace has a pid_max of its own; before, it is the machine's.
bool pid_max_is_own() {
  int major = 0;
  int minor = 0;
  const std::string release = read_file("/proc/sys/kernel/osrelease");
  return std::sscanf(release.c_str(), "%d.%d", &major, &minor) == 2 && major * 1000 + minor >= 6014;
}

bool limit_pids() {
  return mount("proc", "/proc", "proc", 0, nullptr) == 0 &&
         write_file("/proc/sys/kernel/pid_max", std::to_string(few_pids));
}

// Runs `body` as PID 1 of a namespace with few pids; its exit status, or 77 where there is none.
int in_small_namespace(int (*body)()) {
  const pid_t outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      _exit(77);
    }
    const pid_t init = fork();
    if (init == 0) {
      _exit(limit_pids() ? body() : 77);
    }
    int status = 0;
    waitpid(init, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
  }
  int status = 0;
  waitpid(outer, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

// Processes that come and go, so that the numbers of a run's dead are given out again at once. They
// tell by their exit status whether anybody signalled them.
pid_t start_bystanders() {
  const pid_t nursery = fork();
  if (nursery != 0) {
    return nursery;
  }
  for (int hit = 0;;) {
    std::vector<pid_t> children;
    for (int i = 0; i < 40; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        usleep(20000);
        _exit(0);
      }
      if (child > 0) {
        children.push_back(child);
      }
    }
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      hit += WIFSIGNALED(status) ? 1 : 0;
    }
    if (hit > 0) {
      _exit(1);
    }
    if (getppid() != 1) {
      _exit(0);
    }
  }
}

int exit_status_of(const std::vector<std::string>& words) {
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> argv;
    for (const std::string& word : words) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    freopen("/dev/null", "w", stdout);
    execv(argv[0], argv.data());
    _exit(121);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs that are killed in every way while their numbers are in demand.
int churn() {
  const pid_t nursery = start_bystanders();
  for (int round = 0; round < 8; ++round) {
    const std::vector<std::vector<std::string>> runs = {
        {binary(), "run", "--wall-time", "150ms", "--processes", "32", probe("tree")},
        {binary(), "run", "--wall-time", "150ms", "--processes", "24", probe("fork_bomb"),
         "daemon"},
        {binary(), "run", probe("minimal")}};
    const int expected[] = {124, 124, 0};
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const int status = exit_status_of(runs[i]);
      if (status != expected[i]) {
        std::fprintf(stderr, "run %zu of round %d exited with %d\n", i, round, status);
        return 2;
      }
    }
    int status = 0;
    if (waitpid(nursery, &status, WNOHANG) != 0) {
      std::fprintf(stderr, "a bystander was signalled\n");
      return 1;
    }
  }
  // PID 1 of the namespace ends here, and the nursery with it.
  return 0;
}

}  // namespace

// Red: let send_signal of sys/process.cc also kill(2) the number after its own process's, which its
// first child had.
TEST_CASE("p20 with few process numbers no bystander is signalled") {
  require("root");
  require("cgroup");
  if (!pid_max_is_own()) {
    std::printf("skipped: pid_max is the whole machine's before Linux 6.14\n");
    std::fflush(stdout);
    _exit(77);
  }
  const int status = in_small_namespace(churn);
  if (status == 77) {
    std::printf("skipped: no pid namespace with a pid_max of its own\n");
    std::fflush(stdout);
    _exit(77);
  }
  CHECK(status == 0);
}
