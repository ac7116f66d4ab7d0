#include "files/place.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/split.h"
#include "files/matches.h"
#include "sys/files.h"

namespace sb::files {
namespace {

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "/" : parent;
}

Error refused(const policy::FileToGet& get, int err) {
  return {Tag::io_output, fmt::format("saving \"{}\" as \"{}\"", get.source, get.shown), err};
}

}  // namespace

Result<Place> settle_place(const policy::FileToGet& get) {
  const std::string path = sys::real_path(get.target).value_or(get.target);
  const std::optional<struct ::stat> status = sys::stat_path(path);
  Place place{.name = base_name(path), .shown = get.shown};
  std::string directory = directory_of(path);
  if (get.target.ends_with('/') || (status && S_ISDIR(status->st_mode))) {
    place.name = base_name(get.source);
    place.name = place.name.empty() ? "root" : place.name;
    place.shown += (place.shown.ends_with('/') ? "" : "/") + place.name;
    directory = path;
  } else if (status && !S_ISREG(status->st_mode)) {
    // Why: renaming onto /dev/null as root would replace the device.
    return refused(get, ENOTSUP);
  }
  if (is_pattern(get.source) && directory != path) {
    return refused(get, ENOTDIR).with_hint("a pattern may mean several files: name a directory");
  }
  if (place.name.empty() || place.name == "." || place.name == "..") {
    return refused(get, EISDIR);
  }
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return refused(get, errno);
  }
  sys::OpenResult held = sys::open_path(directory, O_PATH | O_DIRECTORY);
  if (held.err != 0) {
    return refused(get, held.err);
  }
  place.directory = std::move(held.fd);
  return place;
}

}  // namespace sb::files
