#include "launch/owner_mapper.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/stages.h"
#include "sys/clone.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::launch {
namespace {

Error map_error(const char* doing, int err) { return Error(Tag::launch_idmap, doing, err); }

// A process in a user namespace of its own, which does nothing until it is let go, or until we end.
class Holder {
 public:
  static Result<Holder> start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return map_error("making a pipe", errno);
    }
    sys::Fd read_end(ends[0]);
    sys::Fd write_end(ends[1]);
    sys::Cloned cloned = sys::clone_process(CLONE_NEWUSER);
    if (cloned.pid < 0) {
      Error error = map_error("cloning into a user namespace", cloned.err);
      if (cloned.err == EAGAIN) {
        return std::move(error).with_hint(no_more_processes);
      }
      return error;
    }
    if (cloned.pid == 0) {
      wait_for_end(ends[0], ends[1]);
    }
    return Holder(cloned.pid, std::move(cloned.process), std::move(write_end));
  }

  Holder(Holder&&) noexcept = default;
  Holder& operator=(Holder&&) = delete;
  ~Holder() {
    if (!process_.valid()) {
      return;  // It was moved from.
    }
    write_end_.reset();
    constexpr int wait_ms = 10'000;
    (void)process_.wait(wait_ms);
  }

  // Safety: the number is safe to use: the process is our child, and only we reap it.
  std::string proc_path(const char* file) const { return fmt::format("/proc/{}/{}", pid_, file); }

 private:
  Holder(pid_t pid, sys::Pidfd process, sys::Fd write_end)
      : pid_(pid), process_(std::move(process)), write_end_(std::move(write_end)) {}

  // Why: nothing here allocates or returns: it runs between clone and exit. The end of the pipe
  // also means that the supervisor was killed (pitfall 19).
  [[noreturn]] static void wait_for_end(int read_end, int write_end) {
    ::close(write_end);
    char nothing = 0;
    while (::read(read_end, &nothing, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
  }

  pid_t pid_;
  sys::Pidfd process_;
  sys::Fd write_end_;
};

// A user namespace in which `on_disk` is what is `shown` outside of it.
// Kernel: mounts take their mapping from one (mount_setattr(2), MOUNT_ATTR_IDMAP, Linux 5.12).
Result<sys::Fd> make_user_namespace(policy::Owner on_disk, policy::Owner shown) {
  const Holder holder = TRY(Holder::start());
  const auto write = [&](const char* file, std::uint32_t inside, std::uint32_t outside) {
    return sys::write_file_at(sys::current_directory, holder.proc_path(file),
                              fmt::format("{} {} 1\n", inside, outside));
  };
  int err = write("uid_map", on_disk.uid, shown.uid);
  err = err != 0 ? err : write("gid_map", on_disk.gid, shown.gid);
  if (err != 0) {
    return map_error("writing the id maps of a mount", err);
  }
  sys::OpenResult opened = sys::open_path(holder.proc_path("ns/user"), O_RDONLY);
  if (opened.err != 0) {
    return map_error("opening the user namespace of a mount", opened.err);
  }
  return std::move(opened.fd);
}

const char* const no_mapping_there =
    "its file system can't map ids: give the directory to an ordinary user (chown), or say by "
    "--workspace-owner UID:GID as whom the program is to write there";
const char* const no_mapping_at_all =
    "mapping ids needs Linux 5.12: boot that or newer, give the directory to an ordinary user "
    "(chown), or say by --workspace-owner UID:GID as whom the program is to write there";

std::string why_not_mapped(const std::string& path, int err) {
  return err == ENOSYS ? fmt::format("this kernel can't map ids on \"{}\"", path)
                       : fmt::format("the file system of \"{}\" can't map ids", path);
}

int set_mapping(sys::FdRef tree, sys::FdRef user_namespace, bool recursive) {
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<std::uint64_t>(user_namespace.number());
  const unsigned deep = recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0;
  return ::syscall(SYS_mount_setattr, tree.number(), "", AT_EMPTY_PATH | deep, &attr,
                   sizeof attr) == 0
             ? 0
             : errno;
}

}  // namespace

Result<sys::FdRef> OwnerMapper::mapping_of(policy::Owner owner) {
  for (const Mapping& mapping : mappings_) {
    if (mapping.owner == owner) {
      return mapping.user_namespace.ref();
    }
  }
  mappings_.push_back({owner, TRY(make_user_namespace(owner, ids_->target()))});
  return mappings_.back().user_namespace.ref();
}

Result<Done> OwnerMapper::map(sys::FdRef tree, const fs::MountOp& op) {
  struct ::stat status {};
  if (ids_ == nullptr) {
    return Done{};
  }
  if (::fstat(tree.number(), &status) != 0) {
    return Error(Tag::files_source, fmt::format("looking at \"{}\"", op.text), errno);
  }
  const policy::Owner owner{status.st_uid, status.st_gid};
  if (owner == ids_->target()) {
    return Done{};
  }
  // Kernel: EINVAL where this, or another file system mounted below, can't (mount_setattr(2));
  // ENOSYS where no file system can.
  const int err = set_mapping(tree, TRY(mapping_of(owner)), op.recursive);
  if (err == 0) {
    return Done{};
  }
  if (op.must_map) {
    return Error(Tag::files_workspace, why_not_mapped(op.text, err), err);
  }
  if ((op.attributes & MOUNT_ATTR_RDONLY) != 0) {
    warnings_.push_back(
        fmt::format("{}: the program reads of it what anybody may", why_not_mapped(op.text, err)));
    return Done{};
  }
  return stand_in(op, owner, err);
}

Result<Done> OwnerMapper::stand_in(const fs::MountOp& op, policy::Owner owner, int err) {
  const bool ordinary = owner.uid != 0 && owner.gid != 0;
  const std::string doing = fmt::format("mapping the owner of \"{}\", {}:{}, to the program",
                                        op.text, owner.uid, owner.gid);
  if (!stand_in_ && !ordinary) {
    return Error(Tag::files_workspace, doing, err)
        .with_hint(err == ENOSYS ? no_mapping_at_all : no_mapping_there);
  }
  const policy::Owner wanted = stand_in_.value_or(owner);
  if (taken_ && *taken_ != wanted) {
    return Error(Tag::files_workspace, doing, err)
        .with_hint(
            "another directory has another owner already, and neither file system can map "
            "ids: mount only one of them for writing");
  }
  taken_ = wanted;
  ids_->run_target_as(wanted);
  warnings_.push_back(fmt::format("{}: on the host the program runs as {}:{}",
                                  why_not_mapped(op.text, err), wanted.uid, wanted.gid));
  return Done{};
}

}  // namespace sb::launch
