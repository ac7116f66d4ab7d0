#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness.h"

namespace sbtest {

namespace fs = std::filesystem;

namespace {

std::string environment(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

bool can_make_user_namespace() {
  const pid_t pid = fork();
  if (pid == 0) {
    _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  }
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string own_group2() {
  for (const std::string& line : lines_of(read_file("/proc/self/cgroup"))) {
    if (line.rfind("0::", 0) == 0) {
      return "/sys/fs/cgroup" + line.substr(3);
    }
  }
  return "";
}

// The controllers that our own v2 group may give on to groups below it.
bool has_memory_in_own_group2() {
  const std::string controllers = read_file(own_group2() + "/cgroup.controllers");
  return contains(controllers, "memory") && contains(controllers, "pids");
}

// A hybrid host whose kernel has memory for v2 only (Debian's since 6.12), and the rest for v1.
bool has_memory_beside_v1() {
  const std::string mounts = read_file("/proc/self/mountinfo");
  return contains(read_file("/sys/fs/cgroup/unified/cgroup.controllers"), "memory") &&
         contains(mounts, " - cgroup ") && contains(mounts, "pids") && contains(mounts, "cpuacct");
}

// Kernel: nothing maps owners before 5.12, tmpfs since 6.3 (mount_setattr(2)).
bool temp_directories_map_owners() {
  utsname name = {};
  struct statfs where = {};
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || statfs("/tmp", &where) != 0 ||
      std::sscanf(name.release, "%d.%d", &major, &minor) != 2) {
    return false;
  }
  const int version = major * 1000 + minor;
  return version >= (where.f_type == TMPFS_MAGIC ? 6003 : 5012);
}

// Whether SBTEST_OFF names this limit: "memory,cpu-time".
bool is_off(std::string_view limit) {
  return contains("," + environment("SBTEST_OFF") + ",", "," + std::string(limit) + ",");
}

bool has_program(std::string_view name) {
  std::istringstream path(environment("PATH") + ":/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((folder + "/" + std::string(name)).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string binary() {
  const std::string path = environment("SANDBOX_BINARY");
  REQUIRE_MESSAGE(!path.empty(), "SANDBOX_BINARY is not set: run these tests by ctest");
  return path;
}

std::string probe(std::string_view name) {
  const std::string folder = environment("SANDBOX_PROBES");
  REQUIRE_MESSAGE(!folder.empty(), "SANDBOX_PROBES is not set: run these tests by ctest");
  return folder + "/" + std::string(name);
}

double slow() {
  const std::string text = environment("SBTEST_SLOW");
  return text.empty() ? 1.0 : std::max(1.0, std::atof(text.c_str()));
}

bool host_has(std::string_view what) {
  if (what == "root") {
    return geteuid() == 0;
  }
  if (what == "cgroup1") {
    const std::string mounts = read_file("/proc/self/mountinfo");
    return contains(mounts, " - cgroup ") && contains(mounts, "memory") &&
           contains(mounts, "pids") && contains(mounts, "cpuacct");
  }
  if (what == "cgroup2") {
    return has_memory_in_own_group2();
  }
  if (what == "own_cgroup2") {
    return has_memory_in_own_group2() && access(own_group2().c_str(), W_OK) == 0;
  }
  if (what == "cgroup") {
    return host_has("cgroup1") || host_has("cgroup2") || has_memory_beside_v1();
  }
  if (what == "owner mapping") {
    return temp_directories_map_owners();
  }
  if (what == "own_clock") {
    return geteuid() == 0 && !environment("SBTEST_OWN_CLOCK").empty();
  }
  if (what == "memory" || what == "cpu-time" || what == "processes" || what == "cpus" ||
      what == "cpu-set") {
    return !is_off(what);
  }
  if (what == "userns") {
    return can_make_user_namespace();
  }
  return has_program(what);
}

void require(std::string_view what) {
  if (host_has(what)) {
    return;
  }
  const std::string word(what);
  const std::string required = "," + environment("SBTEST_REQUIRE") + ",";
  const bool any_cgroup = word == "cgroup" && contains(required, ",cgroup");
  if (any_cgroup || contains(required, "," + word + ",")) {
    FAIL("this host lacks " << word << ", and SBTEST_REQUIRE asks for it");
  }
  std::printf("skipped: this host lacks %s\n", word.c_str());
  std::fflush(stdout);
  std::exit(77);
}

TempDirectory::TempDirectory() {
  std::string name = "/tmp/sbtest.XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  // Shown inside by --mount, where the program has another id.
  REQUIRE(chmod(name.c_str(), 0755) == 0);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TempDirectory::write(std::string_view name, std::string_view content,
                                 unsigned mode) const {
  const std::string file = path_ + "/" + std::string(name);
  std::ofstream(file, std::ios::binary) << content;
  REQUIRE(chmod(file.c_str(), mode) == 0);
  return file;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<std::string> value_of(std::string_view text, std::string_view key) {
  for (const std::string& line : lines_of(text)) {
    for (const char* separator : {"=", ":\t"}) {
      const std::string start = std::string(key) + separator;
      if (line.rfind(start, 0) == 0) {
        return line.substr(start.size());
      }
    }
  }
  return std::nullopt;
}

void become_nobody() {
  constexpr uid_t nobody = 65534;
  if (setgroups(0, nullptr) != 0 || setresgid(nobody, nobody, nobody) != 0 ||
      setresuid(nobody, nobody, nobody) != 0) {
    _exit(122);
  }
}

Options in_reach_of_users(const TempDirectory& directory) {
  Options options;
  options.binary = directory.write("sandbox", read_file(binary()), 0755);
  options.directory = directory.path();
  options.needs_host = false;
  return options;
}

void join_group(const std::string& directory) {
  const int tasks = open((directory + "/tasks").c_str(), O_WRONLY | O_CLOEXEC);
  if (tasks < 0 || write(tasks, "0", 1) != 1) {
    _exit(122);
  }
  close(tasks);
}

}  // namespace sbtest
