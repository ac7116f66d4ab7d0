#include "files/tar_of_tree.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/tar_header.h"
#include "sys/files.h"

namespace sb::files {
namespace {

// Limit: of a tree, and of what is read at a time.
constexpr std::size_t deepest = 60;
constexpr std::uint64_t most_entries = 200'000;
constexpr std::size_t piece = 256UL * 1024;

TarMember member_of(const struct ::stat& status, std::string name, TarMemberKind kind) {
  return {.name = std::move(name),
          .kind = kind,
          .mode = static_cast<std::uint32_t>(status.st_mode & 0777),
          .mtime = status.st_mtim.tv_sec};
}

std::optional<std::string> link_of(sys::FdRef handle) {
  std::string text(4096, '\0');
  // Kernel: of the link that an O_PATH descriptor is of (readlink(2)).
  const ssize_t size = ::readlinkat(handle.number(), "", text.data(), text.size());
  if (size <= 0 || static_cast<std::size_t>(size) == text.size()) {
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TarOfTree::TarOfTree(sys::Fd top, std::string name, How how)
    : how_(how), top_(std::move(top)), top_name_(std::move(name)) {}

bool TarOfTree::fail(int err, const std::string& path) {
  err_ = err;
  failed_at_ = path;
  return false;
}

bool TarOfTree::next(std::string& archive) {
  if (err_ != 0 || ended_) {
    return false;
  }
  if (top_.valid()) {
    struct ::stat status {};
    sys::Fd top = std::move(top_);
    if (::fstat(top.number(), &status) != 0) {
      return fail(errno, top_name_);
    }
    return add_opened(std::move(top), status, top_name_, archive);
  }
  if (file_.valid()) {
    return read_file(archive);
  }
  // Why several at a time: most files are small.
  while (!levels_.empty() && !file_.valid() && archive.size() < piece) {
    Level& level = levels_.back();
    if (level.at == level.names.size()) {
      levels_.pop_back();
    } else if (!add(level.names[level.at++], archive)) {
      return false;
    }
  }
  if (levels_.empty() && !file_.valid()) {
    append_tar_end(archive);
    ended_ = true;
  }
  return true;
}

bool TarOfTree::add(const std::string& name, std::string& archive) {
  const Level& level = levels_.back();
  const std::string path = fmt::format("{}/{}", level.path, name);
  if (++entries_ > most_entries) {
    return fail(E2BIG, path);
  }
  std::optional<sys::FileRights> rights;
  if (how_.reader) {
    rights.emplace(how_.reader->uid, how_.reader->gid);
    if (rights->err() != 0) {
      return fail(rights->err(), path);
    }
  }
  sys::OpenResult handle = sys::open_at(level.directory.ref(), name, O_PATH | O_NOFOLLOW);
  struct ::stat status {};
  if (handle.err == 0 && ::fstat(handle.fd.number(), &status) != 0) {
    handle.err = errno;
  }
  if (handle.err != 0) {
    return fail(handle.err, path);
  }
  const bool other = how_.one_file_system && status.st_dev != level.device;
  if (S_ISDIR(status.st_mode) && other) {
    append_tar_header(member_of(status, path, TarMemberKind::directory), archive);
    return true;
  }
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return add_opened(std::move(handle.fd), status, path, archive);
  }
  sys::OpenResult opened = sys::open_path(fmt::format("/proc/self/fd/{}", handle.fd.number()),
                                          O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (opened.err == EACCES && how_.skips_closed) {
    ++skipped_;
    return true;
  }
  if (opened.err != 0) {
    return fail(opened.err, path);
  }
  return add_opened(std::move(opened.fd), status, path, archive);
}

bool TarOfTree::add_opened(sys::Fd handle, const struct ::stat& status, const std::string& path,
                           std::string& archive) {
  if (S_ISREG(status.st_mode)) {
    TarMember member = member_of(status, path, TarMemberKind::file);
    member.size = file_size_ = left_ = static_cast<std::uint64_t>(status.st_size);
    append_tar_header(member, archive);
    file_ = std::move(handle);
    file_path_ = path;
    return left_ > 0 || read_file(archive);
  }
  if (S_ISDIR(status.st_mode)) {
    return enter(std::move(handle), path, archive);
  }
  const std::optional<std::string> link =
      S_ISLNK(status.st_mode) ? link_of(handle.ref()) : std::nullopt;
  if (!link) {
    ++skipped_;
    return true;
  }
  TarMember member = member_of(status, path, TarMemberKind::symlink);
  member.link = *link;
  append_tar_header(member, archive);
  return true;
}

bool TarOfTree::enter(sys::Fd fd, const std::string& path, std::string& archive) {
  struct ::stat status {};
  if (::fstat(fd.number(), &status) != 0) {
    return fail(errno, path);
  }
  if (levels_.size() >= deepest) {
    return fail(ENAMETOOLONG, path);
  }
  append_tar_header(member_of(status, path, TarMemberKind::directory), archive);
  sys::Listing listing = sys::list_directory(fd.ref());
  if (listing.err != 0) {
    return fail(listing.err, path);
  }
  std::sort(listing.names.begin(), listing.names.end());
  levels_.push_back({.directory = std::move(fd),
                     .path = path,
                     .names = std::move(listing.names),
                     .device = status.st_dev});
  return true;
}

bool TarOfTree::read_file(std::string& archive) {
  if (left_ > 0) {
    const std::size_t before = archive.size();
    archive.resize(before + std::min<std::uint64_t>(left_, piece));
    ssize_t got = 0;
    do {
      got = ::read(file_.number(), archive.data() + before, archive.size() - before);
    } while (got < 0 && errno == EINTR);
    const int err = got < 0 ? errno : ESTALE;  // shorter than it was: somebody writes to it
    archive.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) {
      return fail(err, file_path_);
    }
    left_ -= static_cast<std::uint64_t>(got);
  }
  if (left_ == 0) {
    append_tar_padding(file_size_, archive);
    file_.reset();
  }
  return true;
}

}  // namespace sb::files
