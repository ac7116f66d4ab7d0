#include "sys/locate.h"

#include <array>
#include <cerrno>
#include <climits>
#include <iterator>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/split.h"

namespace sb::sys {
namespace {

constexpr int most_links = 40;  // as the kernel (path_resolution(7))

struct Seen {
  Fd fd;  // O_PATH, of a link itself
  struct ::stat status {};
  int err = 0;

  bool is_link() const { return S_ISLNK(status.st_mode); }
};

Seen look(FdRef directory, const std::string& name, int flags) {
  OpenResult opened = open_at(directory, name, O_PATH | flags);
  Seen seen{.fd = std::move(opened.fd), .err = opened.err};
  if (seen.err == 0 && ::fstat(seen.fd.number(), &seen.status) != 0) {
    seen.err = errno;
  }
  return seen;
}

bool is_same(const struct ::stat& a, const struct ::stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// nullopt: errno says why.
std::optional<std::string> text_of(const Seen& link) {
  std::array<char, PATH_MAX> text{};
  const ssize_t size = ::readlinkat(link.fd.number(), "", text.data(), text.size());
  return size < 0 ? std::nullopt
                  : std::optional(std::string(text.data(), static_cast<std::size_t>(size)));
}

// Where what a link says need not be a path: /proc/self/fd/1 of a pipe, /proc/self (proc(5)).
bool is_of_proc(const Seen& link) {
  struct ::statfs system {};
  return ::fstatfs(link.fd.number(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

bool names(const std::string& text, const Seen& target) {
  const std::optional<struct ::stat> named = stat_path(text);
  return text.starts_with('/') && target.err == 0 && named && is_same(*named, target.status);
}

struct Doubt {
  bool any = false;
  bool writable = false;
};

// Whether it is one of these or lies in one. What can't be told is taken for so.
Doubt doubt_of(FdRef directory, const Doubtful& doubtful) {
  Doubt doubt;
  if (doubtful.empty()) {
    return doubt;
  }
  Seen here = look(directory, ".", 0);
  // Limit: of how deep a path can be.
  for (int depth = 0; here.err == 0 && depth < PATH_MAX / 2; ++depth) {
    for (const DirectoryId& id : doubtful) {
      if (id.device == here.status.st_dev && id.inode == here.status.st_ino) {
        doubt.any = true;
        doubt.writable = doubt.writable || id.writable;
      }
    }
    Seen above = look(here.fd.ref(), "..", 0);
    if (above.err == 0 && is_same(above.status, here.status)) {
      return doubt;  // the root
    }
    here = std::move(above);
  }
  return {.any = true, .writable = true};
}

// One walk along a path.
class PathWalk {
 public:
  explicit PathWalk(const Doubtful& doubtful) : doubtful_(doubtful) {}

  Location along(const std::string& path) {
    Location found{.err = start(path)};
    while (found.err == 0 && !parts_.empty() && !ended_) {
      const std::string part = std::move(parts_.back());
      parts_.pop_back();
      found.err = step(part);
    }
    found.directory = std::move(here_);
    found.name = ended_ ? std::move(name_) : ".";
    found.follows = follows_;
    const Doubt doubt = found.err == 0 ? doubt_of(found.directory.ref(), doubtful_) : Doubt{};
    found.doubtful = refused_ || doubt.any;
    found.writable = doubt.writable;
    return found;
  }

 private:
  // A path, or what a link says: the rest follows behind it.
  int start(const std::string& path) {
    if (path.empty()) {
      return ENOENT;
    }
    if (path.front() == '/' || !here_.valid()) {
      OpenResult top = open_path(path.front() == '/' ? "/" : ".", O_PATH | O_DIRECTORY);
      if (top.err != 0) {
        return top.err;
      }
      here_ = std::move(top.fd);
    }
    // Why kept: behind a slash there is a directory.
    const bool is_directory = path.back() == '/';
    std::vector<std::string> parts = split(path, '/');
    if (is_directory) {
      parts.emplace_back(".");
    }
    std::move(parts.rbegin(), parts.rend(), std::back_inserter(parts_));
    return 0;
  }

  int step(const std::string& part) {
    if (part.empty() || part == ".") {
      return 0;
    }
    const bool is_last = parts_.empty() && part != "..";
    Seen next = look(here_.ref(), part, O_NOFOLLOW);
    if (is_last && next.err == ENOENT) {
      return end_at(part, false);
    }
    if (next.err != 0) {
      return next.err;
    }
    if (next.is_link()) {
      return follow(part, is_last, next);
    }
    if (is_last) {
      return end_at(part, false);
    }
    return enter(std::move(next));
  }

  int follow(const std::string& part, bool is_last, const Seen& link) {
    if (++links_ > most_links) {
      return ELOOP;
    }
    if (doubt_of(here_.ref(), doubtful_).any) {
      refused_ = true;
      return ELOOP;
    }
    Seen target = look(here_.ref(), part, 0);
    // Kernel: EACCES is of a link in a sticky directory that another user made (proc(5),
    // protected_symlinks); ENOENT may be a file to be made.
    if (target.err != 0 && (target.err != ENOENT || !is_last)) {
      return target.err;
    }
    const std::optional<std::string> text = text_of(link);
    if (!text) {
      return errno;
    }
    if (is_of_proc(link) && !names(*text, target)) {
      return is_last ? end_at(part, true) : enter(std::move(target));
    }
    return start(*text);
  }

  int enter(Seen next) {
    if (!S_ISDIR(next.status.st_mode)) {
      return ENOTDIR;
    }
    here_ = std::move(next.fd);
    return 0;
  }

  int end_at(const std::string& name, bool follows) {
    name_ = name;
    follows_ = follows;
    ended_ = true;
    return 0;
  }

  const Doubtful& doubtful_;
  Fd here_;
  std::vector<std::string> parts_;  // that are still to be walked, the next one last
  int links_ = 0;
  std::string name_;
  bool ended_ = false;
  bool follows_ = false;
  bool refused_ = false;
};

}  // namespace

Location locate(const std::string& path, const Doubtful& doubtful) {
  return PathWalk(doubtful).along(path);
}

std::optional<struct ::stat> Location::status() const {
  struct ::stat status {};
  const int links = follows ? 0 : AT_SYMLINK_NOFOLLOW;
  return ::fstatat(directory.number(), name.c_str(), &status, links) == 0 ? std::optional(status)
                                                                          : std::nullopt;
}

OpenResult Location::open(int flags, mode_t mode) const {
  if (err != 0) {
    return {.fd = Fd(), .err = err};
  }
  return open_at(directory.ref(), name, flags | (follows ? 0 : O_NOFOLLOW), mode);
}

OpenResult Location::open_for_writing(int flags, mode_t mode) const {
  const int links = follows ? 0 : O_NOFOLLOW;
  if (err == 0 && !doubtful) {
    return sys::open_for_writing(directory.ref(), name, flags | links, mode);
  }
  // Why not blocking: a pipe of the program's would hold us for ever.
  OpenResult file = open(O_WRONLY | O_NOCTTY | O_NONBLOCK | flags, mode);
  struct ::stat now {};
  if (file.err == 0 && (::fstat(file.fd.number(), &now) != 0 || !S_ISREG(now.st_mode))) {
    return {.fd = Fd(), .err = ENXIO};
  }
  return file;
}

}  // namespace sb::sys
