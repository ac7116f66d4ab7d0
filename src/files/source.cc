#include "files/source.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/doubtful.h"
#include "sys/files.h"

namespace sb::files {

Error source_error(const policy::FileToPut& wanted, int err) {
  return {Tag::files_source, fmt::format("putting \"{}\" inside", wanted.shown), err};
}

Result<sys::Fd> open_source(const policy::FileToPut& wanted, const sys::Doubtful& doubtful) {
  const sys::Location at = sys::locate(wanted.source, doubtful);
  const sys::OpenResult handle = at.open(O_PATH);
  struct ::stat status {};
  if (handle.err != 0 || ::fstat(handle.fd.number(), &status) != 0) {
    return policy::explain_link(source_error(wanted, handle.err != 0 ? handle.err : errno), at);
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

Result<sys::Fd> open_archive(const policy::FileToPut& wanted, const sys::Doubtful& doubtful) {
  sys::Fd fd = TRY(open_source(wanted, doubtful));
  struct ::stat status {};
  if (::fstat(fd.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return source_error(wanted, EISDIR).with_hint("an archive is a file");
  }
  return fd;
}

std::string_view packer_of(sys::FdRef archive) {
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
  char bytes[8] = {};
  const ssize_t got = ::pread(archive.number(), bytes, sizeof bytes, 0);
  const std::string_view start(bytes, static_cast<std::size_t>(got > 0 ? got : 0));
  for (const Magic& magic : magics) {
    if (start.starts_with(magic.bytes)) {
      return magic.name;
    }
  }
  return "";
}

}  // namespace sb::files
