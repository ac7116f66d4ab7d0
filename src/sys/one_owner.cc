#include "sys/one_owner.h"

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::sys {
namespace {

// Limit: of entries, some tenths of a second; and of directories in each other.
constexpr std::size_t most_entries = 200000;
constexpr std::size_t deepest = 64;

struct Close {
  void operator()(DIR* directory) const { (void)::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, Close>;

// Why not list_directory(): it reads all names before the first is counted.
struct Walk {
  uid_t uid;
  gid_t gid;
  std::size_t entries = 0;
  std::vector<Directory> levels;

  bool enter(OpenResult directory) {
    if (directory.err != 0 || levels.size() == deepest) {
      return false;
    }
    const int own = ::fcntl(directory.fd.number(), F_DUPFD_CLOEXEC, 0);
    Directory opened(own >= 0 ? ::fdopendir(own) : nullptr);
    if (opened == nullptr) {
      (void)::close(own);
      return false;
    }
    levels.push_back(std::move(opened));
    return true;
  }

  // Takes the next name of the innermost directory.
  bool look() {
    errno = 0;
    const dirent* const entry = ::readdir(levels.back().get());
    if (entry == nullptr) {
      const bool whole = errno == 0;
      levels.pop_back();
      return whole;
    }
    const std::string_view name = entry->d_name;
    const FdRef directory(::dirfd(levels.back().get()));
    struct ::stat status {};
    if (name == "." || name == "..") {
      return true;
    }
    if (++entries > most_entries ||
        ::fstatat(directory.number(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        status.st_uid != uid || status.st_gid != gid) {
      return false;
    }
    return !S_ISDIR(status.st_mode) ||
           enter(open_at(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }
};

}  // namespace

bool is_all_of(const std::string& directory, uid_t uid, gid_t gid) {
  const auto top = stat_path(directory);
  Walk walk{.uid = uid, .gid = gid, .levels = {}};
  if (!top || top->st_uid != uid || top->st_gid != gid ||
      !walk.enter(open_path(directory, O_RDONLY | O_DIRECTORY))) {
    return false;
  }
  while (!walk.levels.empty()) {
    if (!walk.look()) {
      return false;
    }
  }
  return true;
}

}  // namespace sb::sys
