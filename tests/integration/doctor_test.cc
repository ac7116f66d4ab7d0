// doctor: what it says is so, what it tells to type helps, and --clean removes the dead only.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "faults.h"
#include "harness.h"

using namespace sbtest;

namespace {

constexpr unsigned nobody = 65534;

// The entry of a list whose `key` is `name`.
Document entry(const Document& list, const std::string& key, const std::string& name) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.at(std::to_string(i) + "." + key).text() == name) {
      return list.at(std::to_string(i));
    }
  }
  FAIL("no entry " << name);
  return {};
}

Document check_named(const Document& report, const std::string& name) {
  return entry(report.at("checks"), "name", name);
}

Document controller_named(const Document& report, const std::string& name) {
  return entry(report.at("cgroups.controllers"), "name", name);
}

void write_text(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) {
    _exit(122);
  }
  close(fd);
}

struct Answer {
  int exit_status;
  Document report;
};

// doctor --json; the document follows its schema.
Answer ask(Options options, const Words& more = {}) {
  options.needs_host = false;
  Words words = {"doctor", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const TempDirectory copy;
  if (options.binary.empty()) {
    options.binary = copy.write("sandbox", read_file(binary()), 0755);  // for whoever asks
  }
  Running running(words, options);
  const Run run = running.finish();
  INFO(run.describe());
  const Document report = Document::parse(run.out);
  REQUIRE(report.is_present());
  CHECK(report.at("schema").text() == "sandbox.doctor/v1");
  CHECK(report.at("starts").boolean() == (run.exit_status == 0));
  const TempDirectory folder;
  folder.write("report.json", run.out);
  const std::string source = SANDBOX_SOURCE_DIR;
  const int valid = std::system(("/usr/bin/python3 " + source + "/tests/schema/validate.py " +
                                 folder.path() + " " + source + "/packaging/doctor.schema.json")
                                    .c_str());
  CHECK((WEXITSTATUS(valid) == 0 || WEXITSTATUS(valid) == 77));
  return {run.exit_status, report};
}

// A parent group in every v1 hierarchy that a run needs, with nobody else's groups below it.
class ParentGroup {
 public:
  ParentGroup() : name_("sbtest-" + std::to_string(getpid())) {
    require("root");
    require("cgroup1");
    for (const char* controller : {"memory", "pids", "cpuacct", "cpu"}) {
      paths_.push_back(std::string("/sys/fs/cgroup/") + controller + "/" + name_);
      REQUIRE((mkdir(paths_.back().c_str(), 0755) == 0 || errno == EEXIST));
    }
  }
  ~ParentGroup() {
    for (const std::string& path : paths_) {
      std::error_code ignored;
      for (const auto& below : std::filesystem::directory_iterator(path, ignored)) {
        if (below.is_directory()) {
          (void)rmdir(below.path().c_str());
        }
      }
      (void)rmdir(path.c_str());
    }
  }
  ParentGroup(const ParentGroup&) = delete;
  ParentGroup& operator=(const ParentGroup&) = delete;
  const std::string& name() const { return name_; }
  const std::string& memory() const { return paths_[0]; }

 private:
  std::string name_;
  std::vector<std::string> paths_;
};

}  // namespace

TEST_CASE("doctor: where the suite runs a run starts and every limit is enforced") {
  require("root");
  require("cgroup");
  const Answer answer = ask({});
  CHECK(answer.exit_status == 0);
  const Document limits = answer.report.at("limits");
  for (const char* name : {"memory", "processes", "cpu_time"}) {
    CHECK(contains(entry(limits, "limit", name).at("by").text(), "cgroup"));
  }
  CHECK(check_named(answer.report, "run").at("works").boolean());
  CHECK(check_named(answer.report, "seccomp_notification").at("works").boolean());
  CHECK(answer.report.at("removed").size() == 0);
  expect_true_runs();
}

TEST_CASE("doctor: the table is for people") {
  Options options;
  options.needs_host = false;
  const Run run = Running({"doctor"}, options).finish();
  INFO(run.describe());
  CHECK((run.exit_status == 0 || run.exit_status == 1));
  for (const char* part : {"\nCgroups (", "\nEach limit is enforced by:\n", "  memory   ",
                           "A run with the default limits"}) {
    CHECK(contains(run.out, part));
  }
  CHECK(run.err.empty());
  const Run wrong = run_sandbox({"doctor", "now"}, options);
  expect_usage_error(wrong, {"doctor takes no argument"});
}

TEST_CASE("doctor: an ordinary user without a cgroup learns what would give one") {
  require("root");
  require("userns");
  require("cgroup1");
  Options options;
  options.in_child = become_nobody;
  const Answer answer = ask(options);
  CHECK(answer.exit_status == 1);
  CHECK(answer.report.at("caller.uid").integer() == nobody);
  CHECK_FALSE(answer.report.at("caller.root").boolean());
  CHECK(check_named(answer.report, "user_namespaces").at("works").boolean());
  CHECK(contains(check_named(answer.report, "run").at("detail").text(), "host.no_cgroup"));
  const Document memory = controller_named(answer.report, "memory");
  CHECK(memory.at("state").text() == "refused");
  CHECK(memory.at("remedy").size() >= 1);
  const Document limits = answer.report.at("limits");
  CHECK(entry(limits, "limit", "memory").at("by").is_null());
  CHECK(entry(limits, "limit", "memory").at("best_effort").text() == "RLIMIT_DATA");
  CHECK(entry(limits, "limit", "processes").at("by").text() == "RLIMIT_NPROC");
}

TEST_CASE("doctor: the lines it tells to type give that user cgroups") {
  require("root");
  require("userns");
  require("cgroup1");
  Options options;
  options.in_child = become_nobody;
  const Answer before = ask(options);
  std::set<std::string> made;  // controllers may share a hierarchy, as cpu and cpuacct often do
  for (const char* name : {"memory", "pids", "cpuacct", "cpu"}) {
    const std::string line = controller_named(before.report, name).at("remedy.0").text();
    INFO(line);
    REQUIRE(line.rfind("mkdir -p ", 0) == 0);
    REQUIRE(std::system(line.c_str()) == 0);
    made.insert(line.substr(9, line.find(' ', 9) - 9));
  }
  options.env["SANDBOX_CGROUP_PARENT"] = "user-" + std::to_string(nobody);
  const Answer after = ask(options);
  CHECK(after.exit_status == 0);
  CHECK(controller_named(after.report, "memory").at("state").text() == "usable");
  for (const std::string& path : made) {
    CHECK(rmdir(path.c_str()) == 0);
  }
}

TEST_CASE("doctor: no user namespace left is told from one that is forbidden") {
  require("root");
  require("userns");
  Options options;
  options.in_child = [] {
    if (unshare(CLONE_NEWUSER) != 0) {
      _exit(122);
    }
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", "0 0 1");
    write_text("/proc/self/gid_map", "0 0 1");
    write_text("/proc/sys/user/max_user_namespaces", "0");
  };
  const Answer none_left = ask(options);
  const Document names = check_named(none_left.report, "user_namespaces");
  CHECK(names.at("detail").text() == "cloning: ENOSPC");
  CHECK(names.at("remedy.0").text() == "sysctl -w user.max_user_namespaces=15000");

  options.in_child = [] {
    become_nobody();
    sock_filter program[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_mount},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const sock_fprog filter = {4, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
      _exit(122);
    }
  };
  const Answer filtered = ask(options);
  CHECK(filtered.exit_status == 1);
  const Document mounts = check_named(filtered.report, "user_namespaces");
  CHECK(mounts.at("required").boolean());
  CHECK(mounts.at("detail").text() == "making mounts private: EPERM");
  CHECK(mounts.at("remedy").size() >= 1);
}

TEST_CASE("doctor: clean removes what nobody locks and says so") {
  const ParentGroup parent;
  const std::string dead = parent.memory() + "/sandbox.1.dead";
  const std::string alive = parent.memory() + "/sandbox.2.alive";
  REQUIRE(mkdir(dead.c_str(), 0755) == 0);
  REQUIRE(mkdir(alive.c_str(), 0755) == 0);
  const int lock = open(alive.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(flock(lock, LOCK_EX | LOCK_NB) == 0);
  Options options;
  options.env["SANDBOX_CGROUP_PARENT"] = parent.name();
  const Answer answer = ask(options, {"--clean"});
  CHECK(answer.exit_status == 0);
  REQUIRE(answer.report.at("removed").size() == 1);
  CHECK(answer.report.at("removed.0").text() == dead);
  CHECK_FALSE(std::filesystem::exists(dead));
  CHECK(std::filesystem::exists(alive));
  close(lock);
}

// Red: in cgroup/abandoned.cc, pass over every directory that can't be opened, not ENOENT alone,
// and remove what was not locked.
TEST_CASE("doctor: clean removes nothing that it cannot lock") {
  const ParentGroup parent;
  const std::string unknown = parent.memory() + "/sandbox.3.unknown";
  REQUIRE(mkdir(unknown.c_str(), 0755) == 0);
  Options options = with_strace();
  options.needs_host = false;
  options.env["SANDBOX_CGROUP_PARENT"] = parent.name();
  const Run run = run_sandbox({"strace", "-f", "-qq", "-o", "/dev/null", "-P", unknown, "-e",
                               "inject=openat:error=EMFILE", binary(), "doctor", "--clean"},
                              options);
  INFO(run.describe());
  CHECK(std::filesystem::exists(unknown));
}

TEST_CASE("p19 doctor: clean after a killed supervisor leaves nothing") {
  const ParentGroup parent;
  Options options;
  options.killed = true;
  Running running(
      {"run", "--pass", "--cgroup-parent", parent.name(), "--", "sh", "-c", "echo ready; sleep 60"},
      options);
  running.wait_for_output("ready\n");
  running.send_signal(SIGKILL);
  CHECK(running.finish().exit_status == 128 + SIGKILL);
  options.killed = false;
  options.env["SANDBOX_CGROUP_PARENT"] = parent.name();
  const Answer answer = ask(options, {"--clean"});
  CHECK(answer.report.at("removed").size() >= 1);
  for (const auto& below : std::filesystem::directory_iterator(parent.memory())) {
    CHECK_FALSE(below.is_directory());
  }
}
