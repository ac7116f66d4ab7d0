#include "files/supply.h"

#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <unistd.h>

#include "files/source.h"

namespace sb::files {

Result<Supply::Source> Supply::open_one(const policy::FileToPut& wanted,
                                        const sys::Doubtful& doubtful) {
  // Why as it is: what another program packed is plain tar by now (supervise/plain_archives.h), and
  // what is none the helper inside refuses.
  if (wanted.extract) {
    return Source{wanted, TRY(open_archive(wanted, doubtful))};
  }
  sys::Fd fd = TRY(open_source(wanted, doubtful));
  if (wanted.work) {
    return Source{wanted, std::move(fd)};
  }
  // Why any name: the inside drops the first component, and names it by itself.
  return Source{wanted, TarOfTree(std::move(fd), "f", {})};
}

Result<Supply> Supply::open(const policy::Files& files) {
  Supply supply;
  for (const policy::FileToPut& put : files.put) {
    supply.sources_.push_back(TRY(open_one(put, files.doubtful)));
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
  constexpr std::size_t size = 256UL * 1024;
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
