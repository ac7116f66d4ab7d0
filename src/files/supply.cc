#include "files/supply.h"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::files {
namespace {

Error source_error(const policy::FileToPut& wanted, int err) {
  return {Tag::files_source, fmt::format("putting \"{}\" inside", wanted.shown), err};
}

// What is at the path, links followed, opened only if it is a file or a directory.
Result<sys::Fd> open_checked(const policy::FileToPut& wanted) {
  const sys::OpenResult handle = sys::open_path(wanted.source, O_PATH);
  struct ::stat status {};
  if (handle.err != 0 || ::fstat(handle.fd.number(), &status) != 0) {
    return source_error(wanted, handle.err != 0 ? handle.err : errno);
  }
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return source_error(wanted, ENXIO)
        .with_hint("only files and directories are put inside, no pipe, socket or device");
  }
  sys::OpenResult opened = sys::open_path(fmt::format("/proc/self/fd/{}", handle.fd.number()),
                                          O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (opened.err != 0) {
    return source_error(wanted, opened.err);
  }
  return std::move(opened.fd);
}

// The name of what packed these first bytes; empty: nobody that we know.
std::string_view packer_of(std::string_view start) {
  struct Magic {
    std::string_view bytes;
    std::string_view name;
  };
  constexpr Magic magics[] = {{"\x1f\x8b", "gzip"},
                              {{"\xfd"
                                "7zXZ\0",
                                6},
                               "xz"},
                              {"\x28\xb5\x2f\xfd", "zstd"},
                              {"BZh", "bzip2"},
                              {"PK\x03\x04", "zip"},
                              {"PK\x05\x06", "zip"}};
  for (const Magic& magic : magics) {
    if (start.starts_with(magic.bytes)) {
      return magic.name;
    }
  }
  return "";
}

Result<Done> check_packing(const policy::FileToPut& wanted, sys::FdRef file) {
  char start[8] = {};
  const ssize_t got = ::pread(file.number(), start, sizeof start, 0);
  if (got < 0) {
    return source_error(wanted, errno);
  }
  const std::string_view packer = packer_of({start, static_cast<std::size_t>(got)});
  if (!packer.empty()) {
    return Error(Tag::host_unsupported,
                 fmt::format("unpacking \"{}\": {} is not provided by this version", wanted.shown,
                             packer))
        .with_hint("a plain tar archive is");
  }
  return Done{};
}

}  // namespace

Result<Supply::Source> Supply::open_source(const policy::FileToPut& wanted) {
  sys::Fd fd = TRY(open_checked(wanted));
  if (wanted.work) {
    return Source{wanted, std::move(fd)};
  }
  if (wanted.extract) {
    struct ::stat status {};
    if (::fstat(fd.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return source_error(wanted, EISDIR).with_hint("an archive is a file");
    }
    CHECK(check_packing(wanted, fd.ref()));
    return Source{wanted, std::move(fd)};
  }
  // Why any name: the inside drops the first component, and names it by itself.
  return Source{wanted, TarOfTree(std::move(fd), "f", {})};
}

Result<Supply> Supply::open(const std::vector<policy::FileToPut>& wanted) {
  Supply supply;
  for (const policy::FileToPut& put : wanted) {
    supply.sources_.push_back(TRY(open_source(put)));
  }
  return supply;
}

void Supply::end_source(const Source& source) {
  const auto* const tree = std::get_if<TarOfTree>(&source.from);
  if (tree != nullptr && tree->skipped() > 0) {
    warnings_.push_back(fmt::format("\"{}\" is inside without {} pipes, sockets or devices",
                                    source.wanted.shown, tree->skipped()));
  }
}

Result<bool> Supply::read(Source& source, std::string& piece) {
  if (auto* const tree = std::get_if<TarOfTree>(&source.from)) {
    if (tree->next(piece)) {
      return true;
    }
    if (tree->err() != 0) {
      return Error(
          Tag::files_source,
          fmt::format("putting \"{}{}\" inside", source.wanted.shown, tree->failed_at().substr(1)),
          tree->err());
    }
    return false;
  }
  constexpr std::size_t size = 256 * 1024;
  const std::size_t before = piece.size();
  piece.resize(before + size);
  const ssize_t got = ::read(std::get<sys::Fd>(source.from).number(), piece.data() + before, size);
  const int err = errno;
  piece.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  if (got < 0 && err != EINTR) {
    return source_error(source.wanted, err);
  }
  return got != 0;
}

Result<bool> Supply::next(std::string& pieces) {
  if (at_ == sources_.size()) {
    return false;
  }
  std::string piece;
  const bool more = TRY(read(sources_[at_], piece));
  // Why not an empty one: that would end the source.
  if (more && piece.empty()) {
    return true;
  }
  const auto size = static_cast<std::uint32_t>(piece.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  pieces.append(bytes, sizeof bytes);
  pieces += piece;
  if (!more) {
    end_source(sources_[at_++]);
  }
  return true;
}

}  // namespace sb::files
