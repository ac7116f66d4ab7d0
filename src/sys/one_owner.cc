#include "sys/one_owner.h"

#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "sys/files.h"

namespace sb::sys {
namespace {

// Limit: of entries, some tenths of a second; and of directories in each other.
constexpr std::size_t most_entries = 200000;
constexpr std::size_t deepest = 64;

struct Walk {
  uid_t uid;
  gid_t gid;
  std::size_t entries = 0;
  std::vector<std::pair<Fd, std::vector<std::string>>> levels;

  bool enter(OpenResult directory) {
    if (directory.err != 0 || levels.size() == deepest) {
      return false;
    }
    std::vector<std::string> names = list_directory(directory.fd.ref());
    levels.emplace_back(std::move(directory.fd), std::move(names));
    return true;
  }

  // Takes the next name of the innermost directory.
  bool look() {
    auto& [directory, names] = levels.back();
    const std::string name = std::move(names.back());
    names.pop_back();
    struct ::stat status {};
    if (++entries > most_entries ||
        ::fstatat(directory.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        status.st_uid != uid || status.st_gid != gid) {
      return false;
    }
    return !S_ISDIR(status.st_mode) ||
           enter(open_at(directory.ref(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
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
    if (walk.levels.back().second.empty()) {
      walk.levels.pop_back();
    } else if (!walk.look()) {
      return false;
    }
  }
  return true;
}

}  // namespace sb::sys
