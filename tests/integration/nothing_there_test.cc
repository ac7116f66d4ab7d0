// What of the host must not be there: the caller's files, other processes, the network, names.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "harness.h"

using namespace sbtest;

namespace {

// A listener of the host on 127.0.0.1; connecting to it needs no accept.
class Listener {
 public:
  Listener()
      : tcp_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        local_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here = {};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    REQUIRE(bind(tcp_, reinterpret_cast<sockaddr*>(&here), size) == 0);
    REQUIRE(listen(tcp_, 8) == 0);
    REQUIRE(getsockname(tcp_, reinterpret_cast<sockaddr*>(&here), &size) == 0);
    port_ = ntohs(here.sin_port);
    name_ = "sbtest-" + std::to_string(getpid());
    sockaddr_un abstract = {};
    abstract.sun_family = AF_UNIX;
    std::memcpy(abstract.sun_path + 1, name_.data(), name_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    REQUIRE(bind(local_, reinterpret_cast<sockaddr*>(&abstract), length) == 0);
    REQUIRE(listen(local_, 8) == 0);
  }
  ~Listener() {
    close(tcp_);
    close(local_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  int port() const { return port_; }
  const std::string& name() const { return name_; }

 private:
  int tcp_;
  int local_;
  int port_ = 0;
  std::string name_;
};

std::string see(const Words& paths, const Words& sandbox_options = {}) {
  Words command = {probe("see_path")};
  command.insert(command.end(), paths.begin(), paths.end());
  const Run run = run_target(sandbox_options, command);
  expect_ok(run);
  return run.stdout_bytes();
}

void expect_absent(const std::string& seen) {
  for (const std::string& line : lines_of(seen)) {
    CAPTURE(line);
    CHECK((contains(line, "stat=2 ") || contains(line, "stat=13 ")));
    CHECK(contains(line, "bytes=0"));
  }
}

}  // namespace

TEST_CASE("nothing there: the callers directory and home") {
  const TempDirectory home;
  const std::string secret = home.write("secret", "the secret of the caller\n");
  Options options;
  options.directory = home.path();
  options.env = {{"HOME", home.path()}};
  Run run = run_target({}, {probe("see_path"), secret, home.path(), "secret", "./secret"}, options);
  expect_ok(run);
  expect_absent(run.stdout_bytes());
  run = run_target({}, {"sh", "-c", "pwd; ls -a; ls -a ~; cd ..; ls"}, options);
  INFO(run.describe());
  CHECK_FALSE(contains(run.stdout_bytes(), "secret"));
  CHECK_FALSE(contains(run.stdout_bytes(), home.path()));
}

TEST_CASE("nothing there: a scripts directory is not shown with it") {
  const TempDirectory home;
  home.write("secret", "the secret of the caller\n");
  home.write("script", "#!/bin/sh\necho \"$0\"; ls -a \"$(dirname \"$0\")\"\n", 0755);
  Options options;
  options.directory = home.path();
  const Run run = run_target({}, {"./script"}, options);
  INFO(run.describe());
  CHECK_FALSE(contains(run.stdout_bytes(), "secret"));
}

TEST_CASE("nothing there: the hosts secrets") {
  const TempDirectory marker;  // a name in the host's /tmp
  const std::string seen =
      see({"/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/machine-id", "/root", "/root/.bashrc",
           "/home", "/var/log", "/var/lib/dpkg/status", "/run/systemd", "/boot", "/sys",
           "/sys/fs/cgroup", "/sys/kernel", "/srv", "/mnt", "/media", marker.path()});
  for (const std::string& line : lines_of(seen)) {
    CAPTURE(line);
    // An empty directory tells nothing either; but no byte may be read and nothing written.
    CHECK(contains(line, "bytes=0"));
    CHECK_FALSE(contains(line, "write=0"));
  }
  CHECK(contains(seen, "/etc/shadow stat=2"));
  CHECK(contains(seen, marker.path() + " stat=2"));
  const Run run = run_target(
      {}, {"sh", "-c",
           "cat /etc/passwd /etc/group /etc/hosts; cat /etc/hostname 2>/dev/null; ls /etc /"});
  expect_ok(run);
  CHECK_FALSE(contains(run.stdout_bytes(), "daemon"));
  CHECK_FALSE(contains(run.stdout_bytes(), "resolv.conf"));
  CHECK(contains(run.stdout_bytes(), "localhost"));
}

TEST_CASE("nothing there: other processes") {
  Run run = run_target({}, {probe("list_procs")});
  expect_ok(run);
  const std::vector<std::string> lines = lines_of(run.stdout_bytes());
  CHECK(lines.size() <= 2);
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK((contains(line, "list_procs") || line.rfind("1 ", 0) == 0));
  }
  // Our own pid is of a living process of the host, and none inside.
  run = run_target({}, {probe("call_syscall"), "kill", std::to_string(getpid()), "0"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ret=-1 errno=3\n");
}

TEST_CASE("nothing there: what pid 1 knows of the caller") {
  Options options;
  options.env = {{"SECRET_TOKEN", "hunter2"}};
  const Run run =
      run_target({},
                 {"sh", "-c",
                  "cat /proc/1/environ /proc/1/cmdline /proc/1/maps /proc/1/mountinfo "
                  "/proc/self/mountinfo /proc/mounts /proc/1/cgroup; ls -l /proc/1/fd /proc/1/exe "
                  "/proc/1/cwd /proc/1/root"},
                 options);
  INFO(run.describe());
  const std::string text = run.stdout_bytes() + run.document.bytes("stderr");
  CHECK_FALSE(contains(text, "hunter2"));
  CHECK_FALSE(contains(text, "SECRET"));
  CHECK_FALSE(contains(text, binary()));
  CHECK_FALSE(contains(text, "--"));
}

TEST_CASE("nothing there: the network") {
  const Listener listener;
  Run run = run_target({}, {probe("net"), std::to_string(listener.port()), listener.name()});
  expect_ok(run);
  std::string text = run.stdout_bytes();
  INFO(text);
  CHECK(value_of(text, "host_v4 errno") == "111");
  CHECK(value_of(text, "host_v6 errno") != "0");
  CHECK(value_of(text, "outside errno") == "101");
  CHECK(value_of(text, "self errno") == "0");
  CHECK(value_of(text, "abstract errno") == "111");
  for (const std::string& line : lines_of(text)) {
    CHECK((line == "interface lo" || line.rfind("interface", 0) != 0));
  }
  CHECK(contains(text, "interface lo\n"));
  run = run_target({"--net", "none"}, {probe("net"), std::to_string(listener.port())});
  INFO(run.describe());
  if (run.document.at("status").text() == "ok") {
    text = run.stdout_bytes();
    CHECK(value_of(text, "host_v4 errno") != "0");
    CHECK(value_of(text, "outside errno") != "0");
    CHECK(value_of(text, "self errno") != "0");
  }
}

TEST_CASE("nothing there: the hosts name and groups") {
  const Run run = run_target({}, {probe("show_self")});
  expect_ok(run);
  const std::string text = run.stdout_bytes();
  CHECK(value_of(text, "hostname") == "sandbox");
  int groups = 0;
  for (const std::string& line : lines_of(text)) {
    if (line.rfind("cgroup=", 0) == 0) {
      CAPTURE(line);
      ++groups;
      CHECK(line.size() > 2);
      CHECK(line.substr(line.size() - 2) == ":/");
      CHECK_FALSE(contains(line, "sandbox."));
    }
  }
  CHECK(groups >= 1);
}

// Red: do not hide keys and kcore in fs/mount_plan.cc.
TEST_CASE("p18 proc and sys tell and take nothing of the host") {
  const Words secrets = {
      "/proc/kcore",          "/proc/kmsg",        "/proc/keys",

      "/proc/timer_list",     "/proc/sched_debug", "/proc/sysrq-trigger",
      "/proc/kpagecount",     "/proc/kpageflags",  "/proc/kpagecgroup",
      "/proc/acpi",           "/proc/scsi",        "/proc/asound",
      "/proc/latency_stats",  "/proc/vmallocinfo", "/proc/slabinfo",

      "/proc/bootconfig",     "/sys/firmware",     "/sys/kernel/debug",
      "/sys/kernel/security", "/sys/power/state",  "/sys/fs/cgroup/cgroup.procs"};
  const std::string seen = see(secrets);
  for (const std::string& line : lines_of(seen)) {
    CAPTURE(line);
    CHECK(contains(line, "bytes=0"));
  }
  CHECK_FALSE(contains(seen, "/proc/sysrq-trigger stat=0 read=0 bytes=0 write=0\n"));
}

// Red: do not hide proc/sys in fs/mount_plan.cc.
TEST_CASE("p18 no setting of the kernel is writable") {
  const Words settings = {"/proc/sysrq-trigger",
                          "/proc/sys/kernel/hostname",
                          "/proc/sys/kernel/core_pattern",
                          "/proc/sys/kernel/modprobe",
                          "/proc/sys/kernel/pid_max",
                          "/proc/sys/kernel/ns_last_pid",
                          "/proc/sys/kernel/randomize_va_space",
                          "/proc/sys/vm/drop_caches",
                          "/proc/sys/vm/overcommit_memory",
                          "/proc/sys/fs/suid_dumpable",
                          "/proc/sys/fs/binfmt_misc/register",
                          "/proc/sys/net/ipv4/ip_forward",
                          "/proc/sys/net/core/somaxconn",
                          "/proc/sys/kernel/shmmax",
                          "/proc/sys/user/max_user_namespaces",
                          "/proc/irq/default_smp_affinity",
                          "/proc/mtrr",
                          "/proc/bus/pci/devices"};
  for (const std::string& line : lines_of(see(settings))) {
    CAPTURE(line);
    CHECK_FALSE(contains(line, "write=0"));
  }
}

TEST_CASE("p18 a file system of proc mounted below proc shows nothing more") {
  const Run run = run_target({}, {"sh", "-c",
                                  "ls /proc/1/task/1/fd /proc/1/map_files "
                                  "/proc/1/task/1/cwd/; cat /proc/1/mem /proc/1/stack"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "exited");
  CHECK(run.stdout_bytes().empty());
}
