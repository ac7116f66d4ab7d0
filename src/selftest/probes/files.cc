// What of the host's file system can be read, made and written.
#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/split.h"
#include "selftest/probes/probe.h"

namespace sb::selftest::probes {
namespace {

constexpr std::array read_only = {
    "/",      "/usr", "/usr/bin", "/usr/lib",       "/usr/local", "/bin",  "/sbin", "/lib",
    "/lib64", "/etc", "/dev",     "/usr/local/bin", "/opt",       "/home", "/root", "/run",
    "/srv",   "/var", "/var/tmp", "/mnt",           "/proc",      "/sys",  "/boot"};

constexpr std::array own_directories = {"/tmp", "/workspace", "/dev/shm"};

// The names before the first colon, or the words of a line, of what a file holds.
std::string first_fields(const std::string& path, char separator) {
  std::string text;
  for (const std::string& line : split(content_of(path), '\n')) {
    text += (text.empty() ? "" : " ") + line.substr(0, line.find(separator));
  }
  return text;
}

void make_files() {
  std::string made;
  std::string refused;
  for (const char* const directory : read_only) {
    const std::string path = std::string(directory) + "/selftest";
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool worked = fd >= 0 || ::mkdir(path.c_str(), 0700) == 0;
    (worked ? made : refused) += " " + std::string(directory);
    (void)::close(fd);
  }
  tell("made_in", made);
  tell("refused_in", refused);
}

void use_own_directories() {
  for (const char* const directory : own_directories) {
    const std::string path = std::string(directory) + "/kept";
    const std::string before = names_in(directory);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool worked = fd >= 0 && ::write(fd, "kept", 4) == 4;
    tell(std::string("before ") + directory, before);
    tell(std::string("write ") + directory, outcome_of(worked ? 0 : -1));
    (void)::close(fd);
  }
}

// How many of the ways to write to what `path` names lead to it.
int written_through(const std::string& path) {
  int written = 0;
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND}) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    written += fd >= 0 ? 1 : 0;
    (void)::close(fd);
  }
  return written;
}

// Why only opened: what was opened for writing is lost already, and its owner needs it still.
void overwrite_programs(const std::string& name) {
  int written = written_through(name);
  int tried = 0;
  for (int pid = 0; pid < 64; ++pid) {
    const std::string path = pid == 0 ? "/proc/self/exe" : "/proc/" + std::to_string(pid) + "/exe";
    written += written_through(path);
    const int handle = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (handle >= 0) {
      ++tried;
      written += written_through("/proc/self/fd/" + std::to_string(handle));
    }
    (void)::close(handle);
  }
  tell("programs_found", tried);
  tell("programs_opened", written);
}

// Whether a path shows anything: an empty directory and an empty file don't.
bool shows_something(const std::string& path) {
  struct ::stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return false;
  }
  if (S_ISDIR(status.st_mode)) {
    const std::string names = names_in(path);
    return !names.empty() && names.front() != '?';
  }
  return S_ISLNK(status.st_mode) || !content_of(path).empty();
}

void look_for(Arguments paths) {
  std::string seen;
  for (const std::string& path : paths) {
    seen += shows_something(path) ? " " + path : "";
  }
  tell("seen", seen);
}

}  // namespace

int files(Arguments paths) {
  tell("devices", names_in("/dev"));
  tell("users", first_fields("/etc/passwd", ':'));
  tell("user_groups", first_fields("/etc/group", ':'));
  tell("hosts", first_fields("/etc/hosts", ' '));
  struct ::stat status {};
  tell("resolver", outcome_of(::lstat("/etc/resolv.conf", &status)));
  look_for(paths);
  make_files();
  use_own_directories();
  overwrite_programs(paths.empty() ? "" : paths.front());
  return 0;
}

int change(Arguments) {
  const std::string changed = (::chmod("/", 0777) == 0 ? " chmod /" : "") +
                              std::string(::chmod("/etc/passwd", 0777) == 0 ? " chmod" : "") +
                              (::unlink("/etc/passwd") == 0 ? " unlink" : "") +
                              (::rename("/etc/passwd", "/tmp/passwd") == 0 ? " rename" : "");
  tell("changed", changed);
  return 0;
}

namespace {

// What is hidden has /dev/null mounted on it, which anybody may write.
bool is_null_device(int fd) {
  struct ::stat status {};
  return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

}  // namespace

int process_files(Arguments paths) {
  look_for(paths);
  std::string opened;
  for (const char* const path : {"/proc/sysrq-trigger",
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
                                 "/proc/bus/pci/devices",
                                 "/proc/1/mem",
                                 "/proc/1/oom_score_adj",
                                 "/sys/power/state",
                                 "/sys/kernel/uevent_helper",
                                 "/sys/kernel/mm/transparent_hugepage/enabled",
                                 "/sys/fs/cgroup/cgroup.procs",
                                 "/sys/fs/cgroup/release_agent",
                                 "/sys/fs/cgroup/memory/cgroup.procs",
                                 "/sys/module/kernel/parameters/panic"}) {
    const int fd = ::open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    opened += fd >= 0 && !is_null_device(fd) ? std::string(" ") + path : "";
    (void)::close(fd);
  }
  tell("opened", opened);
  return 0;
}

}  // namespace sb::selftest::probes
