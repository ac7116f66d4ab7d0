#include "files/place.h"

#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/split.h"
#include "files/matches.h"
#include "policy/doubtful.h"
#include "sys/locate.h"

namespace sb::files {
namespace {

Error refused(const policy::FileToGet& get, int err) {
  return {Tag::io_output, fmt::format("saving \"{}\" as \"{}\"", get.source, get.shown), err};
}

}  // namespace

Result<Place> settle_place(const policy::FileToGet& get, const sys::Doubtful& doubtful) {
  sys::Location at = sys::locate(get.target, doubtful);
  if (at.err != 0) {
    return policy::explain_link(refused(get, at.err), at);
  }
  const std::optional<struct ::stat> status = at.status();
  Place place{.name = at.name, .shown = get.shown};
  if (status && S_ISDIR(status->st_mode)) {
    place.name = base_name(get.source);
    place.name = place.name.empty() ? "root" : place.name;
    place.shown += (place.shown.ends_with('/') ? "" : "/") + place.name;
    sys::OpenResult held = at.open(O_PATH | O_DIRECTORY);
    if (held.err != 0) {
      return refused(get, held.err);
    }
    at.directory = std::move(held.fd);
  } else if (at.follows || (status && !S_ISREG(status->st_mode))) {
    // Why: renaming onto /dev/null as root would replace the device.
    return refused(get, ENOTSUP);
  } else if (is_pattern(get.source)) {
    return refused(get, ENOTDIR).with_hint("a pattern may mean several files: name a directory");
  }
  if (place.name == "." || place.name == "..") {
    return refused(get, EISDIR);
  }
  if (::faccessat(at.directory.number(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return refused(get, errno);
  }
  place.directory = std::move(at.directory);
  return place;
}

}  // namespace sb::files
