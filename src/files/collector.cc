#include "files/collector.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/split.h"
#include "files/matches.h"
#include "files/new_file.h"
#include "files/tar_of_tree.h"
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
  std::vector<char> buffer(std::size_t{256} * 1024);
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

sys::OpenResult open_directory_as(sys::FdRef root, const std::string& path,
                                  const std::optional<policy::Owner>& reader) {
  std::optional<sys::FileRights> rights;
  if (reader) {
    rights.emplace(reader->uid, reader->gid);
    if (rights->err() != 0) {
      return {sys::Fd(), rights->err()};
    }
  }
  return sys::open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
}

// Returns 0 or an errno. Limit: `most` bytes of archive.
int copy_tree(TarOfTree& tree, sys::FdRef to, std::uint64_t most, std::uint64_t& written) {
  std::string piece;
  while (tree.next(piece)) {
    if (sys::pending_end_signal()) {
      return ECANCELED;
    }
    if (piece.size() > most - written) {
      return EFBIG;
    }
    if (const int err = sys::write_all(to, piece); err != 0) {
      return err;
    }
    written += piece.size();
    piece.clear();
  }
  return tree.err();
}

// A directory with all below it, as a tar archive.
result::SavedFile save_tree(sys::FdRef root, const policy::FileToGet& get, const Place& place,
                            const std::optional<policy::Owner>& reader,
                            std::vector<std::string>& warnings) {
  result::SavedFile saved{.path = get.source};
  sys::OpenResult top = open_directory_as(root, get.source.substr(1), reader);
  saved.err = top.err;
  if (saved.err != 0) {
    return saved;
  }
  // In a directory it has a name of its own, which is no directory's.
  const std::string suffix = place.shown == get.shown ? "" : ".tar";
  const std::string name = base_name(get.source);
  TarOfTree tree(std::move(top.fd), name.empty() ? "root" : name,
                 {.reader = reader, .one_file_system = true, .skips_closed = true});
  NewFile file(place.directory.ref(), place.name + suffix, 0666);
  std::uint64_t written = 0;
  saved.err = file.err();
  if (saved.err == 0) {
    saved.err = copy_tree(tree, file.fd(), get.max_bytes, written);
  }
  if (saved.err == 0) {
    saved.err = file.commit();
  }
  if (saved.err != 0) {
    return saved;
  }
  saved.bytes = written;
  saved.saved = place.shown + suffix;
  if (tree.skipped() > 0) {
    warnings.push_back(
        fmt::format("\"{}\" is saved without {} pipes, sockets, devices or files "
                    "that the program could not read",
                    get.source, tree.skipped()));
  }
  return saved;
}

result::SavedFile save_file(sys::FdRef root, const policy::FileToGet& get, const Place& place,
                            const std::string& name, const std::string& shown,
                            const std::optional<policy::Owner>& reader) {
  result::SavedFile saved{.path = get.source};
  const sys::OpenResult source = open_as(root, get.source.substr(1), reader);
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
  NewFile file(place.directory.ref(), name, (status.st_mode & 0111) != 0 ? 0777 : 0666);
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
    saved.saved = shown;
  }
  return saved;
}

// Every file that a pattern means, in the directory that was named. What is no file is left out.
void save_matches(sys::FdRef root, const policy::FileToGet& get, const Place& place,
                  const std::optional<policy::Owner>& reader, std::vector<result::SavedFile>& all) {
  const Matches matches = matches_of(root, get.source, reader);
  const std::string directory = place.shown.substr(0, place.shown.size() - place.name.size());
  std::set<std::string> taken;
  const std::size_t before = all.size();
  for (const std::string& path : matches.paths) {
    policy::FileToGet one = get;
    one.source = path;
    const std::string name = base_name(path);
    if (taken.contains(name)) {
      if (open_as(root, path.substr(1), reader).err == 0) {
        all.push_back({.path = path, .err = EEXIST});
      }
      continue;
    }
    result::SavedFile saved = save_file(root, one, place, name, directory + name, reader);
    const bool is_no_file = saved.err == EISDIR || saved.err == ENXIO || saved.err == ELOOP ||
                            saved.err == ENOENT || saved.err == ENOTDIR;
    if (saved.err == 0) {
      taken.insert(name);
    }
    const bool ends = saved.err == ECANCELED;
    if (!is_no_file) {
      all.push_back(std::move(saved));
    }
    if (ends) {
      break;
    }
  }
  if (all.size() == before) {
    all.push_back({.path = get.source, .err = matches.err != 0 ? matches.err : ENOENT});
  }
}

}  // namespace

Result<Collector> Collector::settle(const policy::Files& files) {
  Collector collector;
  collector.wanted_ = files.get;
  for (const policy::FileToGet& get : files.get) {
    collector.places_.push_back(TRY(settle_place(get, files.doubtful)));
  }
  return collector;
}

result::SavedFile Collector::save(sys::FdRef root, std::size_t number) const {
  const Place& place = places_[number];
  return save_file(root, wanted_[number], place, place.name, place.shown, reader_);
}

Collector::Collected Collector::collect(sys::FdRef root) const {
  Collected all;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const std::size_t before = all.files.size();
    if (is_pattern(wanted_[i].source)) {
      save_matches(root, wanted_[i], places_[i], reader_, all.files);
    } else {
      result::SavedFile saved = save(root, i);
      if (saved.err == EISDIR || wanted_[i].source.ends_with('/')) {
        result::SavedFile tree = save_tree(root, wanted_[i], places_[i], reader_, all.warnings);
        // Why asked: it may be the place that is a directory by now.
        if (tree.err != ENOTDIR) {
          saved = std::move(tree);
        }
      }
      all.files.push_back(std::move(saved));
    }
    for (std::size_t j = before; j < all.files.size(); ++j) {
      if (all.files[j].err != 0) {
        all.warnings.push_back(
            Error(Tag::io_output,
                  fmt::format("\"{}\" is not saved as \"{}\"", all.files[j].path, places_[i].shown),
                  all.files[j].err)
                .message());
      }
    }
  }
  return all;
}

}  // namespace sb::files
