#include "files/work_archive.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>

#include "files/tar_of_tree.h"
#include "sys/beneath.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::files {
namespace {

Error work_error(int err, const std::string& at = "") {
  return Error(
      Tag::files_put,
      "keeping the work directory for the next step" + (at.empty() ? at : ", at \"" + at + "\""),
      err);
}

}  // namespace

Result<sys::Fd> archive_of_work(sys::FdRef root, const std::string& path,
                                const std::optional<policy::Owner>& reader, std::uint64_t most) {
  sys::OpenResult top = sys::open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top.err != 0) {
    return work_error(top.err);
  }
  sys::Fd archive(::memfd_create("work", MFD_CLOEXEC));
  if (!archive.valid()) {
    return work_error(errno);
  }
  // Why this name: as for Supply, whose reader drops it.
  TarOfTree tree(std::move(top.fd), "f",
                 {.reader = reader, .one_file_system = true, .skips_closed = true});
  std::string piece;
  std::uint64_t size = 0;
  while (tree.next(piece)) {
    size += piece.size();
    const int err = sys::pending_end_signal() ? ECANCELED
                    : size > most             ? EFBIG
                                              : sys::write_all(archive.ref(), piece);
    if (err != 0) {
      return work_error(err);
    }
    piece.clear();
  }
  if (tree.err() != 0) {
    return work_error(tree.err(), tree.failed_at());
  }
  return archive;
}

}  // namespace sb::files
