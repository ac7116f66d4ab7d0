#include "sys/tree_sum.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "sys/fd.h"

// Why raw calls here and not those of sys/files.h: these note a machine's fault, which ends the
// run.
namespace sb::sys {
namespace {

// Limit: of entries, and of directories in each other, each of which is open meanwhile.
constexpr std::size_t most_entries = 500'000;
constexpr std::size_t most_levels = 64;

class Sum {
 public:
  std::optional<std::string> of(const std::string& path) {
    struct ::stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      return std::nullopt;
    }
    add(path, status);
    if (S_ISDIR(status.st_mode) &&
        !enter(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 1)) {
      return std::nullopt;
    }
    return sha256_hex(text_);
  }

 private:
  void add(std::string_view name, const struct ::stat& status) {
    text_ += fmt::format("{}\n{} {} {} {} {} {} {}.{} {}.{}\n", name, status.st_dev, status.st_ino,
                         status.st_mode, status.st_uid, status.st_nlink, status.st_size,
                         status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                         status.st_ctim.tv_nsec);
    // Why: so much text would be as much memory.
    if (text_.size() > (1U << 20)) {
      text_ = sha256_hex(text_) + "\n";
    }
  }

  // Takes the descriptor.
  bool enter(int number, std::size_t level) {
    DIR* const stream = number >= 0 && level <= most_levels ? ::fdopendir(number) : nullptr;
    if (stream == nullptr) {
      const Fd unused(number);
      return false;
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = static_cast<const char*>(entry->d_name);
      if (name != "." && name != "..") {
        names.emplace_back(name);
      }
    }
    std::sort(names.begin(), names.end());
    entries_ += names.size();
    bool whole = entries_ <= most_entries;
    for (std::size_t i = 0; whole && i < names.size(); ++i) {
      whole = add_entry(::dirfd(stream), names[i], level);
    }
    text_ += "/\n";
    (void)::closedir(stream);
    return whole;
  }

  bool add_entry(int directory, const std::string& name, std::size_t level) {
    struct ::stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return false;
    }
    add(name, status);
    if (!S_ISDIR(status.st_mode)) {
      return true;
    }
    const int opened =
        ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    // Why: what this user can neither list nor enter is nothing that its programs could use.
    const bool closed = opened < 0 && errno == EACCES &&
                        ::faccessat(directory, name.c_str(), X_OK, AT_EACCESS) != 0;
    return closed || enter(opened, level + 1);
  }

  std::string text_;
  std::size_t entries_ = 0;
};

}  // namespace

std::optional<std::string> tree_sum(const std::string& path) { return Sum().of(path); }

}  // namespace sb::sys
