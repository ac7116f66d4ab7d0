#include "policy/resolve_files.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/split.h"
#include "policy/doubtful.h"
#include "policy/host_root.h"
#include "policy/inside_view.h"
#include "sys/files.h"
#include "sys/one_owner.h"

namespace sb::policy {
namespace {

// Why: made or mounted by the sandbox itself, and after the mounts that were asked for: what
// protects the host must not hang on the caller's.
Result<Done> check_target(const std::string& target, const Origin& origin) {
  constexpr std::array devices = {"/dev/null",    "/dev/zero",  "/dev/full", "/dev/random",
                                  "/dev/urandom", "/dev/tty",   "/dev/fd",   "/dev/stdin",
                                  "/dev/stdout",  "/dev/stderr"};
  const bool reserved = is_at_or_below(target, "/proc") || target == "/dev" ||
                        std::any_of(devices.begin(), devices.end(), [&](const char* device) {
                          return is_at_or_below(target, device);
                        });
  if (reserved) {
    return Error(Tag::files_target,
                 fmt::format("{}: mounting on \"{}\"", origin.to_string(), target))
        .with_hint("/proc, /dev and the devices in it are the sandbox's own");
  }
  return Done{};
}

Result<HostMount> host_mount(const MountEntry& entry, const Origin& origin,
                             const Request& request) {
  const std::string source = host_path(request, entry.source);
  const auto status = sys::stat_path(source);
  const int err = errno;
  const std::optional<std::string> real = status ? sys::real_path(source) : std::nullopt;
  if (!real) {
    return Error(Tag::files_source, fmt::format("{}: mounting \"{}\"", origin.to_string(), source),
                 status ? errno : err);
  }
  return HostMount{.source = *real,
                   .target = entry.target,
                   .is_directory = S_ISDIR(status->st_mode),
                   .mode = entry.mode,
                   .as_owner = entry.mode == MountMode::read_write};
}

// Why by all: what one shows may lie in a directory that another lets a program change.
Result<Done> check_sources(const ProfileFiles& wanted, const Request& request, const Files& files) {
  const auto check = [&](const std::string& source, const Origin& origin) {
    const std::string path = host_path(request, source);
    return check_links(path, files, Tag::files_source,
                       fmt::format("{}: showing \"{}\"", origin.to_string(), path));
  };
  for (const Setting<MountEntry>& entry : wanted.mounts) {
    CHECK(check(entry.value.source, entry.origin));
  }
  if (wanted.workspace && wanted.workspace->value.mode != WorkspaceMode::scratch) {
    CHECK(check(wanted.workspace->value.source, wanted.workspace->origin));
  }
  if (wanted.root && wanted.root->value.kind == RootKind::path) {
    CHECK(check(wanted.root->value.path, wanted.root->origin));
  }
  return Done{};
}

Result<Done> add_root(const ProfileFiles& wanted, const Request& request,
                      const UnpackRoot& unpack_root, Spec& spec) {
  const RootChoice root = wanted.root ? wanted.root->value : RootChoice{};
  switch (root.kind) {
    case RootKind::host:
      add_host_root(spec.files);
      return Done{};
    case RootKind::empty:
      return Done{};
    case RootKind::path: {
      const std::string path = host_path(request, root.path);
      const auto status = sys::stat_path(path);
      const bool is_archive = unpack_root != nullptr && status && S_ISREG(status->st_mode);
      return add_given_root(
          spec.files, is_archive ? TRY(unpack_root(path, spec.filter_cache, spec.ids)) : path);
    }
  }
  return Done{};
}

// As a path stands in mountinfo (proc(5)).
std::string in_mountinfo(const std::string& path) {
  std::string text;
  for (const char c : path) {
    text += c == ' ' || c == '\t' || c == '\n' || c == '\\'
                ? fmt::format("\\{:03o}", static_cast<unsigned char>(c))
                : std::string(1, c);
  }
  return text;
}

// Whether to try. An overlay shows nothing of what is mounted below; what is of others than those
// whom the program stands for can't be changed in it (EOVERFLOW); and without a user namespace it
// would be written with root's rights.
bool can_be_overlaid(const std::string& source, IdMode ids) {
  constexpr std::size_t most_bytes = 16 << 20;  // Limit: of the list of the host's mounts.
  const sys::ReadResult mounts = sys::read_file("/proc/self/mountinfo", most_bytes);
  const std::string below = source == "/" ? " /" : fmt::format(" {}/", in_mountinfo(source));
  const auto top = sys::stat_path(source);
  if (ids == IdMode::plain || mounts.err != 0 || mounts.data.find(below) != std::string::npos ||
      !top) {
    return false;
  }
  return ids == IdMode::caller ? sys::is_all_of(source, ::geteuid(), ::getegid())
                               : sys::is_all_of(source, top->st_uid, top->st_gid);
}

Result<Done> add_workspace(const ProfileFiles& wanted, const Request& request, IdMode ids,
                           Files& files) {
  const WorkspaceChoice choice = wanted.workspace ? wanted.workspace->value : WorkspaceChoice{};
  files.workspace = choice.mode;
  if (choice.mode == WorkspaceMode::scratch) {
    return Done{};
  }
  const bool writable = choice.mode == WorkspaceMode::read_write;
  const bool copied = choice.mode == WorkspaceMode::copy_on_write;
  HostMount mount =
      TRY(host_mount({.source = choice.source,
                      .target = "/workspace",
                      .mode = writable ? MountMode::read_write : MountMode::read_only},
                     wanted.workspace->origin, request));
  if (!mount.is_directory) {
    return Error(Tag::files_workspace, fmt::format("using \"{}\" as the workspace", mount.source),
                 ENOTDIR);
  }
  if (copied) {
    files.cow_source = mount.source;
    if (!can_be_overlaid(mount.source, ids)) {
      copy_workspace(files);
    }
    return Done{};
  }
  // Why: also read-only: a directory of mode 0700 is the caller's to show.
  mount.as_owner = true;
  files.mounts.push_back(std::move(mount));
  return Done{};
}

// Why: a mount asked for takes the place of a link of the root; one below such a link goes where
// the link leads.
Result<std::string> take_place(Files& files, std::string target, const Origin& origin) {
  target.erase(target.find_last_not_of('/') + 1);
  CHECK(check_target(target, origin));
  std::erase_if(files.symlinks, [&](const Symlink& link) { return link.path == target; });
  target = follow_root_links(files, target);
  CHECK(check_target(target, origin));
  return target;
}

// As cp and docker cp have it: one thing becomes the target, or goes in it where it is a directory;
// of SRC/. what it has goes in.
FileToPut resolve_put(const PutEntry& entry, const Request& request, const Files& files) {
  FileToPut put{.source = host_path(request, entry.source),
                .target = follow_root_links(files, entry.target),
                .shown = entry.source,
                .into = entry.target.ends_with('/'),
                .extract = entry.extract};
  const std::string name = base_name(entry.source);
  if (!put.extract && name != "." && name != "..") {
    put.name = name;
  }
  return put;
}

Result<FileToGet> resolve_get(const Setting<GetEntry>& entry, const Request& request,
                              const Spec& spec) {
  // Limit: of one file; the program may have made it sparse, as large as it likes.
  constexpr std::uint64_t otherwise = 1ULL << 30;
  FileToGet get{
      .source = follow_root_links(spec.files, entry.value.source),
      .target = host_path(request, entry.value.target),
      .shown = entry.value.target,
      .max_bytes = entry.value.max_bytes.value_or(spec.limits.disk_bytes.value_or(otherwise))};
  if (entry.value.source.ends_with('/')) {
    get.source += '/';  // Why: then it can't be a file.
  }
  const bool kernels =
      is_at_or_below(get.source, "/proc") || is_at_or_below(get.source, "/sys") ||
      (is_at_or_below(get.source, "/dev") && !is_at_or_below(get.source, "/dev/shm"));
  if (kernels) {
    return Error(Tag::files_source,
                 fmt::format("{}: getting \"{}\"", entry.origin.to_string(), get.source))
        .with_hint("what is in /proc, /sys and /dev is the kernel's, and no file of the program's");
  }
  return get;
}

}  // namespace

void copy_workspace(Files& files) {
  if (files.workspace != WorkspaceMode::copy_on_write) {
    return;
  }
  files.workspace = WorkspaceMode::scratch;
  // Why first: what else is put inside comes on top.
  files.put.insert(files.put.begin(),
                   {.source = files.cow_source, .target = "/workspace", .shown = files.cow_source});
}

Result<Done> resolve_files(const ProfileFiles& wanted, const Request& request,
                           const UnpackRoot& unpack_root, Spec& spec) {
  spec.files.doubtful = doubtful_directories(wanted, request);
  CHECK(check_sources(wanted, request, spec.files));
  CHECK(add_root(wanted, request, unpack_root, spec));
  CHECK(add_workspace(wanted, request, spec.ids, spec.files));
  for (const Setting<MountEntry>& entry : wanted.mounts) {
    HostMount mount = TRY(host_mount(entry.value, entry.origin, request));
    mount.target = TRY(take_place(spec.files, mount.target, entry.origin));
    spec.files.mounts.push_back(std::move(mount));
  }
  for (const Setting<std::string>& directory : wanted.tmpfs) {
    spec.files.tmpfs.push_back(TRY(take_place(spec.files, directory.value, directory.origin)));
  }
  for (const Setting<PutEntry>& entry : wanted.put) {
    spec.files.put.push_back(resolve_put(entry.value, request, spec.files));
  }
  for (const Setting<GetEntry>& entry : wanted.get) {
    spec.files.get.push_back(TRY(resolve_get(entry, request, spec)));
  }
  if (wanted.workspace_owner) {
    spec.files.workspace_owner = wanted.workspace_owner->value;
  }
  spec.command.directory = wanted.directory ? wanted.directory->value : std::string("/workspace");
  return Done{};
}

}  // namespace sb::policy
