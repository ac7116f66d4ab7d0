#include "files/collector.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/new_file.h"
#include "sys/beneath.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::files {
namespace {

sys::OpenResult open_as(sys::FdRef root, const std::string& path,
                        const std::optional<policy::Owner>& reader) {
  if (!reader) {
    return sys::open_file_beneath(root, path);
  }
  const sys::FileRights rights(reader->uid, reader->gid);
  return rights.err() != 0 ? sys::OpenResult{sys::Fd(), rights.err()}
                           : sys::open_file_beneath(root, path);
}

// Returns 0 or an errno. Limit: `most` bytes; a file that has more is refused, whatever its size
// said before. Why holes are written: their size is what a reader would have to bear.
int copy(sys::FdRef from, sys::FdRef to, std::uint64_t most, std::uint64_t& written) {
  std::vector<char> buffer(256 * 1024);
  for (;;) {
    if (sys::pending_end_signal()) {
      return ECANCELED;
    }
    const ssize_t got = ::read(from.number(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return got == 0 ? 0 : errno;
    }
    const auto size = static_cast<std::size_t>(got);
    if (size > most - written) {
      return EFBIG;
    }
    if (const int err = sys::write_all(to, {buffer.data(), size}); err != 0) {
      return err;
    }
    written += size;
  }
}

}  // namespace

Result<Collector> Collector::settle(const std::vector<policy::FileToGet>& wanted) {
  Collector collector;
  collector.wanted_ = wanted;
  for (const policy::FileToGet& get : wanted) {
    collector.places_.push_back(TRY(settle_place(get)));
  }
  return collector;
}

result::SavedFile Collector::save(sys::FdRef root, std::size_t number) const {
  const policy::FileToGet& get = wanted_[number];
  const Place& place = places_[number];
  result::SavedFile saved{.path = get.source};
  const sys::OpenResult source = open_as(root, get.source.substr(1), reader_);
  struct ::stat status {};
  saved.err = source.err;
  if (saved.err == 0 && ::fstat(source.fd.number(), &status) != 0) {
    saved.err = errno;
  }
  if (saved.err == 0 && static_cast<std::uint64_t>(status.st_size) > get.max_bytes) {
    saved.err = EFBIG;
  }
  if (saved.err != 0) {
    return saved;
  }
  NewFile file(place.directory.ref(), place.name, (status.st_mode & 0111) != 0 ? 0777 : 0666);
  std::uint64_t written = 0;
  saved.err = file.err();
  if (saved.err == 0) {
    saved.err = copy(source.fd.ref(), file.fd(), get.max_bytes, written);
  }
  if (saved.err == 0) {
    saved.err = file.commit();
  }
  if (saved.err == 0) {
    saved.bytes = written;
    saved.saved = place.shown;
  }
  return saved;
}

Collector::Collected Collector::collect(sys::FdRef root) const {
  Collected all;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    result::SavedFile saved = save(root, i);
    if (saved.err != 0) {
      all.warnings.push_back(
          Error(Tag::io_output,
                fmt::format("\"{}\" is not saved as \"{}\"", saved.path, places_[i].shown),
                saved.err)
              .message());
    }
    all.files.push_back(std::move(saved));
  }
  return all;
}

}  // namespace sb::files
