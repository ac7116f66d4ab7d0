#include "fs/mount_plan.h"

#include <set>

#include <fmt/core.h>
#include <linux/mount.h>

namespace sb::fs {
namespace {

constexpr std::uint64_t read_only = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t of_device = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

std::string relative(const std::string& absolute) { return absolute.substr(1); }

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || (path.size() > directory.size() && path.starts_with(directory) &&
                               path[directory.size()] == '/');
}

class Planner {
 public:
  explicit Planner(const policy::Spec& spec) : spec_(spec) {}

  std::vector<MountOp> plan() {
    make_skeleton();
    mount_host_paths(false);
    fill_etc();
    fill_dev();
    mount_scratch();
    mount_host_paths(true);
    mount_proc();
    // Why: last: everything above needed to make directories.
    add({.kind = OpKind::attributes, .path = "", .attributes = read_only});
    return std::move(ops_);
  }

 private:
  void add(MountOp op) { ops_.push_back(std::move(op)); }

  // A host mount hides what we would make below it: such targets must exist in the source.
  bool is_in_host_mount(const std::string& path) const {
    for (const std::string& target : host_targets_) {
      if (is_below(path, target)) {
        return true;
      }
    }
    return false;
  }

  bool is_in_scratch(const std::string& path) const {
    for (const std::string& directory : scratch_) {
      if (is_below(path, directory)) {
        return true;
      }
    }
    return false;
  }

  void make_directory(const std::string& path, std::uint32_t mode = 0755, bool owned = false) {
    if (path.empty() || made_.contains(path) || is_in_host_mount(path)) {
      return;
    }
    make_directory(parent_of(path));
    made_.insert(path);
    add({.kind = OpKind::directory, .path = path, .mode = mode, .owned = owned});
  }

  void make_file(const std::string& path, const std::string& text) {
    if (is_in_host_mount(path) || made_.contains(path)) {
      return;
    }
    make_directory(parent_of(path));
    made_.insert(path);
    add({.kind = OpKind::file, .path = path, .text = text, .mode = 0644});
  }

  void make_link(const std::string& path, const std::string& target) {
    if (is_in_host_mount(path)) {
      return;
    }
    make_directory(parent_of(path));
    add({.kind = OpKind::symlink, .path = path, .text = target});
  }

  void make_skeleton() {
    // Why: `sys` stays empty; it is also what hides directories of /proc.
    for (const char* name : {"proc", "dev", "etc", "tmp", "sys"}) {
      make_directory(name);
    }
    for (const policy::Symlink& link : spec_.files.symlinks) {
      make_link(relative(link.path), link.target);
    }
    scratch_ = {"tmp", "dev/shm"};
    if (spec_.files.workspace == policy::WorkspaceMode::scratch) {
      scratch_.push_back("workspace");
    }
    for (const std::string& directory : spec_.files.tmpfs) {
      scratch_.push_back(relative(directory));
    }
  }

  // Why: those below a scratch directory come after it, or it would hide them.
  void mount_host_paths(bool in_scratch) {
    for (const policy::HostMount& mount : spec_.files.mounts) {
      const std::string path = relative(mount.target);
      if (is_in_scratch(path) != in_scratch) {
        continue;
      }
      if (mount.copy) {
        // Why: in the root's own file system, where it does not count as the target's, and shown
        // read-only at its place like any other file of the host.
        const std::string copy = fmt::format("run/{}", copies_++);
        make_directory("run");
        add({.kind = OpKind::copy, .path = copy, .text = mount.source, .mode = 0755});
        make_file(path, "");
        add({.kind = OpKind::bind, .path = path, .text = copy, .attributes = read_only});
        host_targets_.push_back(path);
        continue;
      }
      if (mount.is_directory) {
        make_directory(path);
      } else {
        make_file(path, "");
      }
      std::uint64_t attributes = mount.device ? of_device : read_only;
      if (mount.mode == policy::MountMode::read_write) {
        attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
      }
      add({.kind = OpKind::host,
           .path = path,
           .text = mount.source,
           .attributes = attributes,
           .recursive = mount.is_directory});
      host_targets_.push_back(path);
    }
  }

  void fill_etc() {
    const std::uint32_t uid = spec_.inside_uid;
    const std::uint32_t gid = spec_.inside_gid;
    make_file("etc/passwd", fmt::format("root:x:0:0:root:/:/usr/sbin/nologin\n"
                                        "sandbox:x:{}:{}:sandbox:/workspace:/bin/sh\n"
                                        "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
                                        uid, gid));
    make_file("etc/group", fmt::format("root:x:0:\nsandbox:x:{}:\nnogroup:x:65534:\n", gid));
    make_file("etc/hosts",
              fmt::format("127.0.0.1 localhost {}\n::1 localhost ip6-localhost\n", spec_.hostname));
    make_file("etc/hostname", spec_.hostname + "\n");
    // Why: without it glibc asks the resolver for "localhost" before it reads /etc/hosts.
    make_file("etc/nsswitch.conf",
              "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
              "protocols: files\nservices: files\nethers: files\nrpc: files\n");
  }

  void fill_dev() {
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
      const std::string path = fmt::format("dev/{}", name);
      make_file(path, "");
      add({.kind = OpKind::host, .path = path, .text = "/" + path, .attributes = of_device});
    }
    make_link("dev/fd", "/proc/self/fd");
    make_link("dev/stdin", "/proc/self/fd/0");
    make_link("dev/stdout", "/proc/self/fd/1");
    make_link("dev/stderr", "/proc/self/fd/2");
    make_directory("dev/shm");
  }

  // One file system behind all writable directories, so that one number limits them.
  void mount_scratch() {
    const std::uint64_t size = spec_.limits.disk_bytes.value_or(0);  // Kernel: 0 is unlimited.
    constexpr std::uint64_t bytes_for_an_inode = 1024;
    constexpr std::uint64_t least_inodes = 1024;
    const std::uint64_t inodes = size == 0 ? 0 : std::max(size / bytes_for_an_inode, least_inodes);
    add({.kind = OpKind::tmpfs,
         .path = "tmp",
         .text = fmt::format("size={},nr_inodes={},mode=0755", size, inodes)});
    // Why: made inside /tmp, then shown at their places; /tmp itself is shown last, on top of the
    // whole file system, which can't be reached any more.
    std::size_t number = 0;
    std::string last;
    for (const std::string& directory : scratch_) {
      const std::string source = fmt::format("tmp/{}", number++);
      const bool is_workspace = directory == "workspace";
      add({.kind = OpKind::directory,
           .path = source,
           .mode = is_workspace ? 0755U : 01777U,
           .owned = is_workspace});
      make_directory(directory);
      if (directory == "tmp") {
        last = source;
      } else {
        add({.kind = OpKind::bind, .path = directory, .text = source});
      }
    }
    add({.kind = OpKind::bind, .path = "tmp", .text = last});
  }

  void mount_proc() {
    // Kernel: hidepid=2: only processes that the reader might trace show, so init does not
    // (proc(5)); accepted per mount since 5.8.
    add({.kind = OpKind::proc,
         .path = "proc",
         .text = "hidepid=2",
         .attributes = MOUNT_ATTR_NOEXEC});
    const auto hide = [this](const char* name, const char* behind, bool directory) {
      add({.kind = OpKind::bind,
           .path = fmt::format("proc/{}", name),
           .text = behind,
           .attributes = directory ? read_only | MOUNT_ATTR_NOEXEC : of_device,
           .optional = true});
    };
    hide("sys", "proc/sys", true);
    for (const char* name : {"kcore", "keys", "sysrq-trigger", "timer_list", "kallsyms",
                             "sched_debug", "latency_stats"}) {
      hide(name, "dev/null", false);
    }
    for (const char* name : {"acpi", "scsi"}) {
      hide(name, "sys", true);
    }
  }

  const policy::Spec& spec_;
  std::vector<MountOp> ops_;
  std::set<std::string> made_;
  std::vector<std::string> host_targets_;
  std::vector<std::string> scratch_;
  std::size_t copies_ = 0;
};

}  // namespace

std::string root_mount_data(const policy::Spec& spec) {
  // Limit: the root holds our own few files and the copies; it is read-only once it is built.
  std::uint64_t bytes = 4ULL << 20;
  for (const policy::HostMount& mount : spec.files.mounts) {
    bytes += mount.copy ? mount.bytes + 4096 : 0;
  }
  return fmt::format("size={},nr_inodes=4096,mode=0755", bytes);
}

std::vector<MountOp> plan_mounts(const policy::Spec& spec) { return Planner(spec).plan(); }

std::string describe(const MountOp& op) {
  const std::string path = "/" + op.path;
  switch (op.kind) {
    case OpKind::tmpfs:
      return fmt::format("mounting tmpfs on \"{}\"", path);
    case OpKind::directory:
      return fmt::format("making directory \"{}\"", path);
    case OpKind::file:
      return fmt::format("writing \"{}\"", path);
    case OpKind::symlink:
      return fmt::format("linking \"{}\" to \"{}\"", path, op.text);
    case OpKind::host:
      return fmt::format("mounting the host's \"{}\" on \"{}\"", op.text, path);
    case OpKind::bind:
      return fmt::format("mounting \"/{}\" on \"{}\"", op.text, path);
    case OpKind::copy:
      return fmt::format("copying the host's \"{}\" to \"{}\"", op.text, path);
    case OpKind::proc:
      return fmt::format("mounting proc on \"{}\"", path);
    case OpKind::attributes:
      return fmt::format("setting the attributes of the mount \"{}\"", path);
  }
  return {};
}

}  // namespace sb::fs
