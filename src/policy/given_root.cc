#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include "policy/host_root.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

// Limit: mounts that a root may cost; a root file system has some twenty entries.
constexpr std::size_t most_entries = 200;

// Why: made by the sandbox in every run; what the directory has of these names is not shown.
bool is_made_by_us(const std::string& name) {
  constexpr std::array names = {"dev", "proc", "run", "sys", "tmp", "workspace"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<Done> add_entry(Files& files, sys::FdRef root, const std::string& name) {
  struct ::stat status {};
  if (::fstatat(root.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error(Tag::files_source, fmt::format("looking at \"{}/{}\"", files.root_source, name),
                 errno);
  }
  const std::string source = fmt::format("{}/{}", files.root_source, name);
  if (S_ISLNK(status.st_mode)) {
    const std::string target = sys::read_link(source).value_or("");
    const std::size_t first = target.find_first_not_of('/');
    // Why: relative, since they are made before the new root is the root.
    files.symlinks.push_back(
        {.target = first == std::string::npos ? "." : target.substr(first), .path = "/" + name});
  } else if (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode)) {
    files.mounts.push_back(
        {.source = source, .target = "/" + name, .is_directory = S_ISDIR(status.st_mode)});
  }
  return Done{};
}

}  // namespace

Result<Done> add_given_root(Files& files, const std::string& path) {
  const std::string doing = fmt::format("using \"{}\" as the root", path);
  const sys::OpenResult root = sys::open_path(path, O_RDONLY | O_DIRECTORY);
  if (root.err == ENOTDIR) {
    return Error(Tag::files_source, doing, root.err)
        .with_hint("a root is a directory, or in run and serve an archive, which is unpacked");
  }
  if (root.err != 0) {
    return Error(Tag::files_source, doing, root.err);
  }
  files.root_source = sys::real_path(path).value_or(path);
  sys::Listing listing = sys::list_directory(root.fd.ref());
  if (listing.err != 0) {
    return Error(Tag::files_source, doing, listing.err);
  }
  if (listing.names.size() > most_entries) {
    return Error(Tag::files_source,
                 fmt::format("{}, which has more than {} entries", doing, most_entries));
  }
  std::sort(listing.names.begin(), listing.names.end());
  for (const std::string& name : listing.names) {
    if (!is_made_by_us(name)) {
      CHECK(add_entry(files, root.fd.ref(), name));
    }
  }
  return Done{};
}

}  // namespace sb::policy
