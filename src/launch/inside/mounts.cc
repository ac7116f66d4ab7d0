#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/inside.h"

// Why: declared here, since <sys/mount.h> and <linux/mount.h> can't be included together before
// glibc 2.37.
extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*);
extern "C" int umount2(const char*, int);

namespace sb::inside {
namespace {

constexpr int detach_mount = 2;  // MNT_DETACH

struct Handle {
  int fd;
  ~Handle() {
    if (fd >= 0) {
      close(fd);
    }
  }
};

// The directory that the last step made something in, kept for the next one.
struct Workplace {
  int root;
  int mountinfo;  // where there is no mount_setattr(2), else -1
  int fd;
  char path[longest_path];
};

void leave(Workplace& place) {
  if (place.fd >= 0) {
    close(place.fd);
    place.fd = -1;
  }
}

// A descriptor of the directory that `path` is in, and the name there. -1 with errno set.
// Why: mkdirat(2) and the like follow links in a path of several parts; a root file system may have
// such links, and here "/" is still the host's (pitfall 5).
int enter_parent(Workplace& place, const char* path, const char** name) {
  size_t end = strlen(path);
  while (end > 0 && path[end - 1] != '/') {
    --end;
  }
  *name = path + end;
  if (end == 0) {
    return place.root;
  }
  const size_t size = end - 1;
  if (size >= longest_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (place.fd >= 0 && memcmp(place.path, path, size) == 0 && place.path[size] == '\0') {
    return place.fd;
  }
  leave(place);
  memcpy(place.path, path, size);
  place.path[size] = '\0';
  place.fd = openat2_in_root(place.root, place.path, O_PATH | O_DIRECTORY);
  return place.fd;
}

// An O_PATH handle on `path` below the root.
int look_up(int root, const char* path) {
  return path[0] == '\0' ? openat(root, ".", O_PATH | O_CLOEXEC)
                         : openat2_in_root(root, path, O_PATH);
}

int clone_tree(int directory, const char* path, bool recursive) {
  return static_cast<int>(syscall(
      SYS_open_tree, directory, path,
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)));
}

// Kernel: mount_setattr(2) since 5.12; unlike a bind remount it reaches every mount below, and it
// only adds flags: those of the source stay (pitfall 7).
bool add_attributes(int mount_fd, uint64_t attributes, bool recursive) {
  mount_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.attr_set = attributes;
  return attributes == 0 ||
         syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
                 &attr, sizeof attr) == 0;
}

bool move_to(int tree, int target) {
  return syscall(SYS_move_mount, tree, "", target, "",
                 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

// Kernel: a bind remount needs a mount that is attached in this namespace (mount(2)), so there the
// attributes come second. Nobody but init is here to use the moment.
bool attach_to(int target, const MountStep& step, const Workplace& place, int tree) {
  return move_to(tree, target) &&
         (place.mountinfo < 0 || step.attributes == 0 ||
          restrict_by_remount(place.mountinfo, tree, step.attributes, step.recursive));
}

bool attach(const MountStep& step, const Workplace& place) {
  const Handle target{look_up(place.root, step.path)};
  return target.fd >= 0 && attach_to(target.fd, step, place, step.fd);
}

int open_source(const MountStep& step, const Workplace& place) {
  if (step.kind == MountKind::bind_host) {
    // Why no link: the caller's were followed when the mount was planned.
    return open(step.text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }
  return look_up(step.kind == MountKind::bind_scratch ? scratch_fd : place.root, step.text);
}

bool bind(const MountStep& step, const Workplace& place) {
  // Why first: this kernel may lack what is to be hidden; and to drop a cloned tree again takes a
  // grace period of the kernel's, up to milliseconds.
  const Handle target{look_up(place.root, step.path)};
  if (target.fd < 0) {
    return false;
  }
  const Handle source{open_source(step, place)};
  if (source.fd < 0) {
    return false;
  }
  const Handle tree{clone_tree(source.fd, "", step.recursive)};
  return tree.fd >= 0 &&
         (place.mountinfo >= 0 || add_attributes(tree.fd, step.attributes, step.recursive)) &&
         attach_to(target.fd, step, place, tree.fd);
}

bool hold_scratch(const MountStep& step) {
  scratch_fd = open(step.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return scratch_fd >= 0;
}

// `step.path` is a directory of ours, directly below the root, which is the working directory.
bool new_file_system(const MountStep& step, const char* type) {
  unsigned long flags = MS_NOSUID | MS_NODEV;
  flags |= (step.attributes & MOUNT_ATTR_NOEXEC) != 0 ? MS_NOEXEC : 0;
  flags |= (step.attributes & MOUNT_ATTR_RDONLY) != 0 ? MS_RDONLY : 0;
  return mount(type, step.path, type, flags, step.text) == 0;
}

// Kernel: without user.* attributes, which a tmpfs has since 6.6, an overlay is made all the same,
// but a directory that is removed and made anew shows what was below.
bool new_overlay(const MountStep& step) {
  return syscall(SYS_setxattr, "proc", "user.sandbox", "", 0, 0) == 0 &&
         syscall(SYS_removexattr, "proc", "user.sandbox") == 0 && new_file_system(step, "overlay");
}

bool give_to_target(const Plan& plan, const MountStep& step, int parent, const char* name) {
  return !step.owned || fchownat(parent, name, plan.uid, plan.gid, AT_SYMLINK_NOFOLLOW) == 0;
}

bool copy_contents(int source, int target) {
  for (;;) {
    const ssize_t moved = sendfile(target, source, nullptr, 1 << 20);
    if (moved == 0) {
      return true;
    }
    if (moved < 0 && errno != EINTR) {
      return false;
    }
  }
}

bool make_file(const Plan& plan, const MountStep& step, int parent, const char* name) {
  const Handle file{
      openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step.mode)};
  if (file.fd < 0) {
    return false;
  }
  return (step.kind == MountKind::copy ? copy_contents(step.fd, file.fd)
                                       : write_all(file.fd, step.text, step.text_size)) &&
         give_to_target(plan, step, parent, name);
}

bool make_directory(const Plan& plan, const MountStep& step, int parent, const char* name) {
  if (mkdirat(parent, name, step.mode) != 0) {
    return errno == EEXIST && !step.owned;
  }
  return give_to_target(plan, step, parent, name);
}

// The steps that make something, all in a directory that no link led to.
bool make(const Plan& plan, const MountStep& step, Workplace& place) {
  const char* name = nullptr;
  const int parent = enter_parent(place, step.path, &name);
  if (parent < 0) {
    return false;
  }
  if (step.kind == MountKind::directory) {
    return make_directory(plan, step, parent, name);
  }
  if (step.kind == MountKind::symlink) {
    return symlinkat(step.text, parent, name) == 0;
  }
  return make_file(plan, step, parent, name);
}

bool is_there(const MountStep& step, int root) {
  const Handle target{look_up(root, step.path)};
  return target.fd >= 0;
}

bool set_attributes(const MountStep& step, const Workplace& place) {
  const Handle target{look_up(place.root, step.path)};
  return target.fd >= 0 &&
         (place.mountinfo < 0
              ? add_attributes(target.fd, step.attributes, step.recursive)
              : restrict_by_remount(place.mountinfo, target.fd, step.attributes, step.recursive));
}

bool mount_step(const MountStep& step, const Workplace& place) {
  switch (step.kind) {
    case MountKind::tmpfs:
      return new_file_system(step, "tmpfs") && hold_scratch(step);
    case MountKind::attach:
      return attach(step, place);
    case MountKind::bind_host:
    case MountKind::bind:
    case MountKind::bind_scratch:
      return bind(step, place);
    case MountKind::overlay:
      return new_overlay(step);
    case MountKind::proc:
      return new_file_system(step, "proc");
    case MountKind::attributes:
      return set_attributes(step, place);
    case MountKind::detach:
      return umount2(step.path, detach_mount) == 0;
    case MountKind::target:
      return is_there(step, place.root);
    case MountKind::directory:
    case MountKind::file:
    case MountKind::copy:
    case MountKind::symlink:
      break;
  }
  errno = EINVAL;
  return false;
}

bool do_step(const Plan& plan, const MountStep& step, Workplace& place) {
  if (step.kind == MountKind::directory || step.kind == MountKind::file ||
      step.kind == MountKind::copy || step.kind == MountKind::symlink) {
    return make(plan, step, place);
  }
  // Why: its directory may be under a mount now.
  leave(place);
  return mount_step(step, place);
}

}  // namespace

int scratch_fd = -1;

bool do_mounts(const Plan& plan, int root, int mountinfo, size_t* index) {
  Workplace place;
  place.root = root;
  place.mountinfo = mountinfo;
  place.fd = -1;
  for (size_t i = 0; i < plan.mount_count; ++i) {
    const MountStep& step = plan.mounts[i];
    if (!do_step(plan, step, place) && !(step.optional && errno == ENOENT)) {
      *index = i;
      return false;
    }
  }
  leave(place);
  return true;
}

}  // namespace sb::inside
