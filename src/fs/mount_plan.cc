#include "fs/mount_plan.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/core.h>
#include <linux/mount.h>

#include "fs/placement.h"

namespace sb::fs {
namespace {

constexpr std::uint64_t read_only = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t of_device = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

class Planner {
 public:
  explicit Planner(const policy::Spec& spec) : spec_(spec), placements_(spec) {}

  std::vector<MountOp> plan() {
    make_skeleton();
    fill_etc();
    fill_dev();
    mount_scratch();
    copy_files();
    for (const Placement& placement : placements_.in_order()) {
      place(placement);
    }
    mount_proc();
    // Why: last: everything above needed to make directories.
    add({.kind = OpKind::attributes, .path = "", .attributes = read_only});
    return std::move(ops_);
  }

 private:
  void add(MountOp op) { ops_.push_back(std::move(op)); }

  bool is_in_link(const std::string& path) const {
    return std::any_of(
        spec_.files.symlinks.begin(), spec_.files.symlinks.end(),
        [&](const policy::Symlink& link) { return is_at_or_below(path, relative(link.path)); });
  }

  // A directory of ours, and those above it as far as no mount holds them.
  void make_directory(const std::string& path, std::uint32_t mode = 0755) {
    if (path.empty() || made_.contains(path)) {
      return;
    }
    make_parents(path);
    made_.insert(path);
    add({.kind = OpKind::directory, .path = path, .mode = mode});
  }

  void make_parents(const std::string& path) {
    const std::string parent = parent_of(path);
    if (!mounted_.contains(parent)) {
      make_directory(parent);
    }
  }

  // A file of the root's own; not where a mount will hide it or a link of the root leads away.
  void make_file(const std::string& path, const std::string& text) {
    if (placements_.is_at_or_above(path) || is_in_link(path)) {
      return;
    }
    make_directory(parent_of(path));
    add({.kind = OpKind::file, .path = path, .text = text, .mode = 0644});
  }

  void make_link(const std::string& path, const std::string& target) {
    make_directory(parent_of(path));
    add({.kind = OpKind::symlink, .path = path, .text = target});
  }

  void make_skeleton() {
    for (const policy::Symlink& link : spec_.files.symlinks) {
      make_link(relative(link.path), link.target);
    }
    // Why: `sys` stays empty; it is also what hides directories of /proc.
    for (const char* name : {"proc", "dev", "etc", "tmp", "sys"}) {
      if (!is_in_link(name)) {
        make_directory(name);
      }
    }
    // Why: in the root's own file system, where copies do not count as the target's.
    own_ = "run";
    for (int number = 1; placements_.is_at_or_above(own_) || is_in_link(own_); ++number) {
      own_ = fmt::format("run.{}", number);
    }
    empty_ = placements_.is_at_or_above("sys") ? own_ + "/empty" : "sys";
    make_directory(empty_);
  }

  // What is mounted on: made where it can be, else it must be there.
  void make_target(const std::string& path, bool is_directory) {
    if (mounted_.contains(path)) {
      return;
    }
    if (placements_.ground_of(path) == Ground::host) {
      // Why: nothing is ever made in a directory of the host's for a mount.
      add({.kind = OpKind::target, .path = path});
    } else if (is_directory) {
      make_directory(path);
    } else if (!made_.contains(path)) {
      make_parents(path);
      made_.insert(path);
      add({.kind = OpKind::file, .path = path, .mode = 0644});
    }
  }

  void place(const Placement& placement) {
    const bool is_directory = placement.host == nullptr || placement.host->is_directory;
    make_target(placement.path, is_directory);
    mounted_.insert(placement.path);
    if (is_overlay(placement)) {
      place_overlay(scratch_source(scratch_++), placement.path);
    } else if (placement.host == nullptr) {
      add({.kind = OpKind::bind, .path = placement.path, .text = scratch_source(scratch_++)});
    } else if (placement.host->copy) {
      // Why: shown read-only at its place like any other file of the host.
      add({.kind = OpKind::bind,
           .path = placement.path,
           .text = copy_source(copies_++),
           .attributes = read_only});
    } else {
      place_host(*placement.host, placement.path);
    }
  }

  bool is_overlay(const Placement& placement) const {
    return placement.host == nullptr && placement.path == "workspace" &&
           spec_.files.workspace == policy::WorkspaceMode::copy_on_write;
  }

  // The host's directory below, what is written above it in the scratch file system.
  void place_overlay(const std::string& upper, const std::string& path) {
    const std::string lower = upper + ".lower";
    const std::string work = upper + ".work";
    add({.kind = OpKind::directory, .path = lower, .mode = 0700});
    add({.kind = OpKind::directory, .path = work, .mode = 0700});
    // Why not recursive: what is mounted below is no part of it (overlay_of() sees to that).
    add({.kind = OpKind::host,
         .path = lower,
         .text = spec_.files.cow_source,
         .attributes = read_only,
         .as_owner = true,
         .must_map = true});
    // Kernel: userxattr is for those who may not write trusted.*, and has no redirects that the
    // directory's owner could have written (overlayfs.rst).
    add({.kind = OpKind::overlay,
         .path = path,
         .text = fmt::format("lowerdir={},upperdir={},workdir={},userxattr", lower, upper, work)});
    // Why: it has a mount of its own by now.
    add({.kind = OpKind::detach, .path = lower});
  }

  void place_host(const policy::HostMount& mount, const std::string& path) {
    std::uint64_t attributes = mount.device ? of_device : read_only;
    if (mount.mode == policy::MountMode::read_write) {
      attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    }
    add({.kind = OpKind::host,
         .path = path,
         .text = mount.source,
         .attributes = attributes,
         .as_owner = mount.as_owner,
         .recursive = mount.is_directory});
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
    constexpr std::array devices = {"null", "zero", "full", "random", "urandom", "tty"};
    for (const char* name : devices) {
      make_file(fmt::format("dev/{}", name), "");
    }
    for (const char* name : devices) {
      const std::string path = fmt::format("dev/{}", name);
      add({.kind = OpKind::host, .path = path, .text = "/" + path, .attributes = of_device});
    }
    make_link("dev/fd", "/proc/self/fd");
    make_link("dev/stdin", "/proc/self/fd/0");
    make_link("dev/stdout", "/proc/self/fd/1");
    make_link("dev/stderr", "/proc/self/fd/2");
  }

  // One file system behind all writable directories, so that one number limits them.
  void mount_scratch() {
    std::uint64_t size = spec_.limits.disk_bytes.value_or(0);  // Kernel: 0 is unlimited.
    constexpr std::uint64_t bytes_for_an_inode = 1024;
    constexpr std::uint64_t least_inodes = 1024;
    const std::uint64_t inodes = size == 0 ? 0 : std::max(size / bytes_for_an_inode, least_inodes);
    // Why: the file of the uptime is not the program's.
    constexpr std::uint64_t page = 4096;
    size += size != 0 && spec_.clock.is_virtual() ? page : 0;
    // Why: on /proc, where the real one hides the whole of it afterwards.
    add({.kind = OpKind::tmpfs,
         .path = "proc",
         .text = fmt::format("size={},nr_inodes={},mode=0755", size, inodes)});
    if (spec_.clock.is_virtual()) {
      // Why a text: what it takes is then no part of what the program used.
      add({.kind = OpKind::file,
           .path = fmt::format("proc/{}", uptime_file),
           .text = "0.00 0.00\n",
           .mode = 0644});
    }
    std::size_t number = 0;
    for (const Placement& placement : placements_.in_order()) {
      if (placement.host != nullptr) {
        continue;
      }
      const bool is_workspace = placement.path == "workspace";
      add({.kind = OpKind::directory,
           .path = scratch_source(number++),
           .mode = is_workspace ? 0755U : 01777U,
           .owned = is_workspace});
    }
  }

  void copy_files() {
    std::size_t number = 0;
    for (const Placement& placement : placements_.in_order()) {
      if (placement.host != nullptr && placement.host->copy) {
        make_directory(own_);
        add({.kind = OpKind::copy,
             .path = copy_source(number++),
             .text = placement.host->source,
             .contents = placement.host->contents,
             .mode = 0755});
      }
    }
  }

  std::string copy_source(std::size_t number) const { return fmt::format("{}/{}", own_, number); }
  static std::string scratch_source(std::size_t number) { return fmt::format("proc/{}", number); }

  void mount_proc() {
    // Kernel: hidepid=2: only processes that the reader might trace show, so init does not
    // (proc(5)); accepted per mount since 5.8.
    add({.kind = OpKind::proc,
         .path = "proc",
         .text = "hidepid=2",
         .attributes = MOUNT_ATTR_NOEXEC});
    if (spec_.clock.is_virtual()) {
      add({.kind = OpKind::scratch,
           .path = "proc/uptime",
           .text = uptime_file,
           .attributes = read_only | MOUNT_ATTR_NOEXEC});
    }
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
      hide(name, empty_.c_str(), true);
    }
  }

  const policy::Spec& spec_;
  std::vector<MountOp> ops_;
  Placements placements_;
  std::set<std::string> made_;     // directories and files of ours
  std::set<std::string> mounted_;  // placements done so far
  std::string own_;                // a directory for copies
  std::string empty_;              // an empty directory that no mount covers
  std::size_t scratch_ = 0;        // bound so far
  std::size_t copies_ = 0;         // bound so far
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

std::vector<MountOp> place_program(const policy::HostMount& program) {
  const std::string path = relative(program.target);
  return {{.kind = OpKind::file, .path = path, .mode = 0644},
          {.kind = OpKind::host, .path = path, .text = program.source, .attributes = read_only}};
}

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
    case OpKind::target:
      return fmt::format("mounting on \"{}\", which the host's directory there must have", path);
    case OpKind::host:
      return fmt::format("mounting the host's \"{}\" on \"{}\"", op.text, path);
    case OpKind::bind:
      return fmt::format("mounting \"/{}\" on \"{}\"", op.text, path);
    case OpKind::scratch:
      return fmt::format("mounting on \"{}\"", path);
    case OpKind::copy:
      return fmt::format("copying the host's \"{}\" to \"{}\"", op.text, path);
    case OpKind::proc:
      return fmt::format("mounting proc on \"{}\"", path);
    case OpKind::overlay:
      return fmt::format("mounting an overlay on \"{}\"", path);
    case OpKind::detach:
      return fmt::format("unmounting \"{}\"", path);
    case OpKind::attributes:
      return fmt::format("setting the attributes of the mount \"{}\"", path);
  }
  return {};
}

}  // namespace sb::fs
