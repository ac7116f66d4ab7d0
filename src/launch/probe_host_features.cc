#include "launch/probe_host_features.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/if.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "launch/host_ids.h"
#include "launch/probe_seccomp.h"
#include "sys/clone.h"
#include "sys/files.h"
#include "sys/process.h"

// Why: declared here, since <sys/mount.h> and <linux/mount.h> can't be included together before
// glibc 2.37.
extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*);

namespace sb::launch {
namespace {

constexpr unsigned long flag_recursive = 1UL << 14;  // MS_REC
constexpr unsigned long flag_private = 1UL << 18;    // MS_PRIVATE
constexpr unsigned long safe_flags = 2 | 4 | 8;      // MS_NOSUID, MS_NODEV, MS_NOEXEC
constexpr int patience_ms = 5000;

using NamespaceTrial = Trial<namespace_steps>;

// Where the child says how it went. Plain stores; the parent reads after the child's end.
struct Page {
  volatile int err[namespace_steps];
};

class SharedPage {
 public:
  SharedPage()
      : page_(static_cast<Page*>(::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~SharedPage() {
    if (valid()) {
      ::munmap(page_, sizeof(Page));
    }
  }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;
  bool valid() const { return page_ != MAP_FAILED; }
  Page* get() const { return page_; }

 private:
  Page* page_;
};

// Kernel: a bind remount must name all flags that are locked here (mount(2)).
int remount_root() {
  constexpr unsigned long flags_of_statfs = 1 | 2 | 4 | 8;  // ST_RDONLY and so on, as MS_*
  constexpr unsigned long read_only_bind_remount = 1 | 32 | 4096;
  struct statfs status {};
  return ::statfs("/", &status) != 0
             ? -1
             : ::mount(nullptr, "/", nullptr,
                       read_only_bind_remount |
                           (static_cast<unsigned long>(status.f_flags) & flags_of_statfs),
                       nullptr);
}

int set_attributes() {
  const long tree =
      ::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  const long set =
      ::syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr);
  // Kernel: before 5.12 it is done as launch/inside/remount.cc does.
  return set < 0 && errno == ENOSYS ? remount_root() : static_cast<int>(set);
}

int raise_loopback() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::memcpy(static_cast<char*>(request.ifr_name), "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return fd < 0 ? -1 : ::ioctl(fd, SIOCSIFFLAGS, &request);
}

int open_root_tree() {
  return static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

// The child in its new namespaces. Allocates nothing. Tries every step, so that all that is missing
// is known at once.
[[noreturn]] void try_steps(Page* page, int go) {
  char byte = 0;
  if (::read(go, &byte, 1) != 1) {
    ::_exit(1);
  }
  const auto note = [page](NamespaceStep step, int result) {
    page->err[static_cast<std::size_t>(step)] = result < 0 ? errno : 0;
  };
  note(NamespaceStep::private_mounts,
       ::mount(nullptr, "/", nullptr, flag_recursive | flag_private, nullptr));
  note(NamespaceStep::open_tree, open_root_tree());
  note(NamespaceStep::mount_setattr, set_attributes());
  // Kernel: in a user namespace proc can be mounted only while an unmasked one is visible, so it
  // comes before the file system that hides it (user_namespaces(7)).
  note(NamespaceStep::proc, ::mount("proc", "/proc", "proc", safe_flags, nullptr));
  note(NamespaceStep::tmpfs, ::mount("tmpfs", "/proc", "tmpfs", safe_flags, nullptr));
  note(NamespaceStep::hostname, ::sethostname("sandbox", 7));
  note(NamespaceStep::loopback, raise_loopback());
  ::_exit(0);
}

int write_id_maps(pid_t pid, bool is_root) {
  const auto put = [pid](const char* file, const std::string& text) {
    return sys::write_file_at(sys::current_directory, fmt::format("/proc/{}/{}", pid, file), text);
  };
  // Kernel: without CAP_SETGID a gid can be mapped only once setgroups is denied.
  if (const int err = is_root ? 0 : put("setgroups", "deny")) {
    return err;
  }
  if (const int err = put("uid_map", fmt::format("0 {} 1\n", ::geteuid()))) {
    return err;
  }
  return put("gid_map", fmt::format("0 {} 1\n", ::getegid()));
}

// Kernel: an idmapped mount takes its mapping from a user namespace (mount_setattr(2), Linux 5.12).
int try_idmapped_mount(pid_t pid) {
  const sys::OpenResult names = sys::open_path(fmt::format("/proc/{}/ns/user", pid), O_RDONLY);
  const sys::Fd tree(static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (names.err != 0 || !tree.valid()) {
    return names.err != 0 ? names.err : errno;
  }
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<std::uint64_t>(names.fd.number());
  return ::syscall(SYS_mount_setattr, tree.number(), "", AT_EMPTY_PATH, &attr, sizeof attr) == 0
             ? 0
             : errno;
}

struct Go {
  sys::Fd read_end;
  sys::Fd write_end;
};

Go make_go() {
  int ends[2] = {-1, -1};
  (void)!::pipe2(ends, O_CLOEXEC);
  return {sys::Fd(ends[0]), sys::Fd(ends[1])};
}

NamespaceTrial try_namespaces(bool user_namespace, bool is_root, int* idmapped_err) {
  NamespaceTrial trial;
  const SharedPage page;
  Go go = make_go();
  if (!page.valid() || !go.write_end.valid()) {
    trial.of(NamespaceStep::clone) = errno;
    return trial;
  }
  for (volatile int& err : page.get()->err) {
    err = not_tried;
  }
  const sys::Cloned cloned =
      sys::clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                         (user_namespace ? CLONE_NEWUSER : 0U));
  if (cloned.pid == 0) {
    ::close(go.write_end.number());
    try_steps(page.get(), go.read_end.number());
  }
  trial.of(NamespaceStep::clone) = cloned.err;
  if (cloned.pid < 0) {
    return trial;
  }
  const sys::Pidfd& child = cloned.process;
  const int map_err = user_namespace ? write_id_maps(cloned.pid, is_root) : 0;
  if (idmapped_err != nullptr && map_err == 0) {
    *idmapped_err = try_idmapped_mount(cloned.pid);
  }
  (void)!::write(go.write_end.number(), "g", 1);
  if (!child.wait(patience_ms)) {
    (void)child.send_signal(SIGKILL);
    (void)child.wait(patience_ms);
  }
  for (std::size_t i = static_cast<std::size_t>(NamespaceStep::private_mounts); i < namespace_steps;
       ++i) {
    trial.err.at(i) = page.get()->err[i];
  }
  trial.of(NamespaceStep::id_map) = map_err;
  return trial;
}

int landlock_abi() {
  constexpr unsigned version_flag = 1;  // LANDLOCK_CREATE_RULESET_VERSION
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, version_flag);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

}  // namespace

std::string_view name_of(NamespaceStep step) {
  static constexpr std::array<std::string_view, namespace_steps> names = {
      "clone",     "id_map",        "private_mounts", "proc",    "tmpfs",
      "open_tree", "mount_setattr", "hostname",       "loopback"};
  return names.at(static_cast<std::size_t>(step));
}

HostFeatures probe_host_features(bool is_root) {
  SB_ASSERT(sys::thread_count() <= 1);
  HostFeatures features;
  features.with_user_namespace =
      try_namespaces(true, is_root, is_root ? &features.idmapped_mount_err : nullptr);
  if (is_root) {
    features.without_user_namespace = try_namespaces(false, true, nullptr);
    const Result<HostIds> ids = HostIds::take();
    features.host_ids_err = ids ? 0 : ids.error().err();
  }
  features.seccomp = try_seccomp();
  features.landlock_abi = landlock_abi();
  features.children_file =
      sys::stat_path(fmt::format("/proc/self/task/{}/children", ::getpid())).has_value();
  return features;
}

}  // namespace sb::launch
