#include "sys/kept_files.h"

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "sys/fd.h"
#include "sys/process.h"

// Why raw calls here and not those of sys/files.h: these note a machine's fault, which ends the
// run.
namespace sb::sys {
namespace {

constexpr std::size_t sum_size = 64;  // of a SHA-256 in hex
constexpr std::string_view unfinished = "new.";
constexpr mode_t own_only = 0700;

// Whether nobody but this user (and root) can have written it.
bool is_ours(const Fd& fd, mode_t type, struct ::stat& status) {
  return fd.valid() && ::fstat(fd.number(), &status) == 0 && (status.st_mode & S_IFMT) == type &&
         status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Invalid where there is none that is ours.
Fd open_directory(const std::string& path) {
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct ::stat status {};
  return is_ours(directory, S_IFDIR, status) ? std::move(directory) : Fd();
}

// Why its parents, too: ~/.cache is made by whoever needs it first (XDG base directory
// specification).
void make_with_parents(const std::string& path) {
  std::vector<std::string> missing;
  std::string at = path;
  constexpr std::size_t most_parents = 2;
  while (::mkdir(at.c_str(), own_only) != 0 && errno == ENOENT && missing.size() < most_parents) {
    missing.push_back(at);
    at = at.substr(0, at.rfind('/'));
  }
  for (; !missing.empty(); missing.pop_back()) {
    (void)::mkdir(missing.back().c_str(), own_only);
  }
}

// The sum is also of the key: one file under another's name is none.
std::string sum_of(const std::string& key, std::string_view bytes) {
  return sha256_hex(fmt::format("{}\n{}", key, sha256_hex(bytes)));
}

bool write_whole(const Fd& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file.number(), text.data(), text.size());
    if (put < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
  }
  return true;
}

// Exactly `size` bytes from the start; empty where there are not as many.
std::string read_whole(const Fd& file, std::size_t size) {
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t more =
        ::pread(file.number(), text.data() + got, size - got, static_cast<off_t>(got));
    if (more == 0 || (more < 0 && errno != EINTR)) {
      return "";
    }
    got += more > 0 ? static_cast<std::size_t>(more) : 0;
  }
  return text;
}

bool is_our_name(std::string_view name) {
  return name.starts_with(unfinished) ||
         (name.size() == sum_size &&
          name.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

struct Kept {
  std::int64_t written_ns = 0;
  std::uint64_t bytes = 0;
  std::string name;
};

// Our files, the oldest first.
std::vector<Kept> files_by_age(const Fd& directory) {
  std::vector<Kept> found;
  const int own = ::openat(directory.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const stream = own >= 0 ? ::fdopendir(own) : nullptr;
  if (stream == nullptr) {
    return {};
  }
  while (const dirent* entry = ::readdir(stream)) {
    const char* name = static_cast<const char*>(entry->d_name);
    struct ::stat status {};
    if (is_our_name(name) &&
        ::fstatat(directory.number(), name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      found.push_back({status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                       static_cast<std::uint64_t>(status.st_size), name});
    }
  }
  (void)::closedir(stream);
  std::sort(found.begin(), found.end(), [](const Kept& a, const Kept& b) {
    return std::tie(a.written_ns, a.name) < std::tie(b.written_ns, b.name);
  });
  return found;
}

void make_room(const Fd& directory, const KeptFiles::Bounds& bounds, std::uint64_t wanted) {
  const std::vector<Kept> kept = files_by_age(directory);
  std::uint64_t bytes = wanted;
  for (const Kept& file : kept) {
    bytes += file.bytes;
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept.size() - i < bounds.files && bytes <= bounds.bytes) {
      return;
    }
    (void)::unlinkat(directory.number(), kept[i].name.c_str(), 0);
    bytes -= kept[i].bytes;
  }
}

}  // namespace

KeptFiles::KeptFiles(std::string directory, std::string format, Bounds bounds)
    : directory_(std::move(directory)), format_(std::move(format)), bounds_(bounds) {
  format_ += '\n';
}

std::optional<std::string> KeptFiles::find(const std::string& key) const {
  const Fd directory = open_directory(directory_);
  if (!directory.valid()) {
    return std::nullopt;
  }
  // Why not blocking: it may be a named pipe.
  const Fd file(::openat(directory.number(), key.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct ::stat status {};
  if (!is_ours(file, S_IFREG, status) || status.st_nlink > 1) {
    return std::nullopt;
  }
  const std::size_t head_size = format_.size() + sum_size;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size <= head_size || size > head_size + bounds_.size) {
    return std::nullopt;
  }
  std::string text = read_whole(file, size);
  if (!text.starts_with(format_)) {
    return std::nullopt;
  }
  const std::string sum = text.substr(format_.size(), sum_size);
  text.erase(0, head_size);
  return sum == sum_of(key, text) ? std::optional(std::move(text)) : std::nullopt;
}

void KeptFiles::keep(const std::string& key, std::string_view bytes) const {
  if (bytes.empty() || bytes.size() > bounds_.size) {
    return;
  }
  make_with_parents(directory_);
  const Fd directory = open_directory(directory_);
  if (!directory.valid()) {
    return;
  }
  make_room(directory, bounds_, bytes.size());
  const std::string name = fmt::format("{}{}.{:x}", unfinished, ::getpid(), monotonic_ns());
  const Fd file(::openat(directory.number(), name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return;
  }
  // Why under another name first: who reads meanwhile finds a whole file or none.
  if (!write_whole(file, format_ + sum_of(key, bytes)) || !write_whole(file, bytes) ||
      ::renameat(directory.number(), name.c_str(), directory.number(), key.c_str()) != 0) {
    (void)::unlinkat(directory.number(), name.c_str(), 0);
  }
}

}  // namespace sb::sys
