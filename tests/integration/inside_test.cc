// The exact inside of contract 6: rights, root, /dev, what is writable and that it vanishes.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <sstream>

#include "harness.h"

using namespace sbtest;

TEST_CASE("inside: no right is left") {
  const Run run = run_target({}, {probe("show_self")});
  expect_ok(run);
  const std::string text = run.stdout_bytes();
  INFO(text);
  for (const char* key : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    CAPTURE(key);
    CHECK(value_of(text, key) == "0000000000000000");
  }
  CHECK(value_of(text, "NoNewPrivs") == "1");
  CHECK(value_of(text, "Seccomp") == "2");
  if (geteuid() == 0) {  // an ordinary caller's groups cannot be left inside a user namespace
    CHECK(value_of(text, "groups") == "0");
  }
  CHECK_FALSE(contains(text, "uid=0 "));
  CHECK_FALSE(contains(text, "gid=0 "));
  CHECK(value_of(text, "own_session") == "1");
  CHECK(value_of(text, "own_process_group") == "1");
  CHECK(value_of(text, "tty errno") != "0");
  CHECK(value_of(text, "umask") == "022");
  CHECK(value_of(text, "core") == "1,1");
  CHECK(value_of(text, "nice") == "0");
  CHECK(value_of(text, "policy") == "0");
  CHECK(value_of(text, "oom_score_adj") == "0");
  CHECK(value_of(text, "blocked") == "0");
  CHECK(value_of(text, "ignored") == "0");
  CHECK(value_of(text, "TracerPid") == "0");
  CHECK(value_of(text, "Threads") == "1");
}

// Red: leave sys::OwnHeap out of launch::start().
TEST_CASE("inside: init has nothing of the supervisors heap") {
  require("root");  // an ordinary user may not read the maps of such a process
  Options options;
  options.keep_input_open = true;
  Running running({"run", "--pass", "--stdin", "-", "--", probe("linger"), "ready"}, options);
  running.wait_for_output("ready");
  constexpr long most_kib = 16;  // where libc keeps the thread's own variables
  int seen = 0;
  for (const pid_t pid : running.descendants()) {
    const std::string place = "/proc/" + std::to_string(pid);
    const auto pids = value_of(read_file(place + "/status"), "NSpid");
    if (!pids || !pids->ends_with("\t1")) {
      continue;
    }
    ++seen;
    long kib = 0;
    bool in_heap = false;
    std::istringstream lines(read_file(place + "/smaps"));
    for (std::string line; std::getline(lines, line);) {
      if (line.find(": ") == std::string::npos) {
        in_heap = line.ends_with("[heap]");
      } else if (in_heap && line.starts_with("Rss:")) {
        kib += std::atol(line.c_str() + 4);
      }
    }
    CHECK(kib <= most_kib);
  }
  CHECK(seen == 1);
  running.send_signal(15);
  CHECK(running.finish().exit_status == 143);
}

TEST_CASE("inside: the targets host id owns nothing and differs from root") {
  require("root");  // an ordinary user has one id
  Options options;
  options.keep_input_open = true;
  Running running({"run", "--pass", "--stdin", "-", "--", probe("linger"), "ready"}, options);
  running.wait_for_output("ready");
  std::set<std::string> ids;
  int seen = 0;
  for (const pid_t pid : running.descendants()) {
    const auto ids_line = value_of(read_file("/proc/" + std::to_string(pid) + "/status"), "Uid");
    REQUIRE(ids_line.has_value());
    CHECK(ids_line->rfind("0\t", 0) != 0);
    CHECK_FALSE(contains(*ids_line, "\t0\t"));
    ids.insert(*ids_line);
    ++seen;
  }
  CHECK(seen >= 2);
  CHECK(ids.size() >= 2);  // init and target differ
  running.send_signal(15);
  CHECK(running.finish().exit_status == 143);
}

// Red: begin the first close_range of launch/inside/target.cc at error - 1, or end the second at
// error + 1.
TEST_CASE("p1 exactly three descriptors whatever the caller holds") {
  Options options;
  // Below and above those that the sandbox itself opens; without close-on-exec.
  for (int fd = 10; fd < 35; ++fd) {
    options.fds.emplace_back(fd, 0);
    options.fds.emplace_back(fd + 500, 0);
  }
  for (int i = 0; i < 10; ++i) {
    const Run run = run_target({}, {probe("list_fds")}, options);
    expect_ok(run);
    const std::string text = run.stdout_bytes();
    int listed = 0;
    for (const std::string& line : lines_of(text)) {
      CAPTURE(line);
      CHECK((line.rfind("0 ", 0) == 0 || line.rfind("1 ", 0) == 0 || line.rfind("2 ", 0) == 0 ||
             line == "open 0" || line == "open 1" || line == "open 2"));
      ++listed;
    }
    CHECK(listed == 6);
  }
}

TEST_CASE("inside: the devices") {
  const Run run = run_target({}, {"ls", "/dev"});
  expect_ok(run);
  const std::set<std::string> expected = {"null", "zero",  "full",   "random", "urandom", "tty",
                                          "fd",   "stdin", "stdout", "stderr", "shm"};
  std::set<std::string> seen;
  for (const std::string& line : lines_of(run.stdout_bytes())) {
    seen.insert(line);
  }
  CHECK(seen == expected);
  const Run use = run_target(
      {}, {"sh", "-c",
           "echo x > /dev/null && head -c 4 /dev/zero | od -An -tx1 && "
           "head -c 8 /dev/urandom | wc -c && head -c 8 /dev/random | wc -c && "
           "echo fine > /dev/stdout; echo full > /dev/full; ls /dev/fd/ > /dev/null && echo fd"});
  INFO(use.describe());
  CHECK(use.document.at("exit_code").integer() == 0);
  CHECK(contains(use.stdout_bytes(), " 00 00 00 00\n8\n8\nfine\n"));
  CHECK(lines_of(use.document.bytes("stderr")).size() == 1);  // /dev/full
}

TEST_CASE("inside: the root is read-only everywhere") {
  Words command = {probe("see_path")};
  for (const char* directory : {"/", "/usr", "/usr/bin", "/usr/lib", "/etc", "/bin", "/lib", "/dev",
                                "/proc", "/var", "/opt", "/home", "/root", "/run", "/sbin",
                                "/usr/local/bin", "/usr/local/lib", "/proc/sys", "/lib64"}) {
    command.emplace_back("-c");
    command.push_back(std::string(directory) + "/new-file");
  }
  const Run run = run_target({}, command);
  expect_ok(run);
  for (const std::string& line : lines_of(run.stdout_bytes())) {
    CAPTURE(line);
    CHECK_FALSE(contains(line, "create=0"));
  }
  const Run chmod = run_target({}, {"sh", "-c",
                                    "chmod 777 / /usr /etc /etc/passwd /dev /dev/null; "
                                    "mkdir /x /usr/x /etc/x /dev/x; rm -rf /etc/passwd; "
                                    "mv /etc/passwd /tmp; exit 0"});
  INFO(chmod.describe());
  CHECK(lines_of(chmod.document.bytes("stderr")).size() >= 11);
}

TEST_CASE("inside: tmp workspace and shm are writable start empty and vanish") {
  const char* script =
      "for d in /tmp /workspace /dev/shm; do ls -A $d; echo hi > $d/kept && cat $d/kept; done; "
      "mkdir -p /tmp/a/b; ln -s /etc /tmp/link; mkfifo /tmp/fifo; pwd";
  for (int i = 0; i < 2; ++i) {
    const Run run = run_target({}, {"sh", "-c", script});
    expect_ok(run);
    CHECK(run.stdout_bytes().rfind("hi\nhi\nhi\n", 0) == 0);
  }
}

TEST_CASE("inside: sticky and set-id bits give nothing") {
  const Run run = run_target(
      {}, {"sh", "-c",
           "cp /usr/bin/id /tmp/id && chmod 6755 /tmp/id && /tmp/id -u; "
           "find / -xdev -perm -4000 -type f 2>/dev/null | head -1 | while read f; do "
           "findmnt -n -o OPTIONS -T $f 2>/dev/null; done; grep -vc nosuid /proc/self/mountinfo"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() != "error");
  CHECK(run.stdout_bytes().rfind("0\n", 0) != 0);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.back() == "0");
}

TEST_CASE("inside: names of users time zone and the working directory") {
  const Run run = run_target(
      {}, {"sh", "-c", "whoami && id -gn && date +%Z && hostname 2>/dev/null || uname -n; pwd"});
  INFO(run.describe());
  const std::string text = run.stdout_bytes();
  CHECK_FALSE(contains(text, "root"));
  CHECK(contains(text, "UTC"));
  CHECK(contains(text, "sandbox"));
  const Run elsewhere = run_target({"--directory", "/tmp"}, {"pwd"});
  expect_ok(elsewhere);
  CHECK(elsewhere.stdout_bytes() == "/tmp\n");
}
