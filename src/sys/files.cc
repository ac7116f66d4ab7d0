#include "sys/files.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/trouble.h"

namespace sb::sys {

OpenResult open_at(FdRef directory, const std::string& path, int flags, mode_t mode) {
  for (;;) {
    const int number = ::openat(directory.number(), path.c_str(), flags | O_CLOEXEC, mode);
    if (number >= 0) {
      return {Fd(number), 0};
    }
    if (errno != EINTR) {
      const int err = errno;
      note_trouble(err, path);
      return {Fd(), err};
    }
  }
}

OpenResult open_path(const std::string& path, int flags, mode_t mode) {
  return open_at(current_directory, path, flags, mode);
}

OpenResult open_for_writing(FdRef directory, const std::string& path, int flags, mode_t mode) {
  constexpr useconds_t pause_us = 10'000;  // Kernel: nothing tells when a reader has come.
  for (;;) {
    OpenResult file = open_at(directory, path, O_WRONLY | O_NOCTTY | O_NONBLOCK | flags, mode);
    struct ::stat status {};
    if (file.err == ENXIO && ::fstatat(directory.number(), path.c_str(), &status, 0) == 0 &&
        S_ISFIFO(status.st_mode)) {
      if (pending_end_signal()) {
        return {.fd = Fd(), .err = ECANCELED};
      }
      (void)::usleep(pause_us);
      continue;
    }
    if (file.err == 0) {
      const int now = ::fcntl(file.fd.number(), F_GETFL);
      if (now < 0 || ::fcntl(file.fd.number(), F_SETFL, now & ~O_NONBLOCK) != 0) {
        return {.fd = Fd(), .err = errno};
      }
    }
    return file;
  }
}

int make_directory(const std::string& path) {
  const mode_t callers = ::umask(022);  // Safety: the process has one thread.
  const int err = ::mkdir(path.c_str(), 0755) == 0 ? 0 : errno;
  (void)::umask(callers);
  return err;
}

ReadResult read_all(FdRef fd, std::size_t limit) {
  ReadResult result;
  std::size_t size = 0;
  while (size < limit) {
    // Limit: grows in steps up to the caller's bound, whatever the file claims to hold.
    result.data.resize(std::min(limit, std::max<std::size_t>(4096, size * 2)));
    const ssize_t got = ::read(fd.number(), result.data.data() + size, result.data.size() - size);
    if (got < 0 && errno == EAGAIN) {
      pollfd readable{fd.number(), POLLIN, 0};
      (void)::poll(&readable, 1, -1);  // Why: whatever ends the wait, read says what there is.
      continue;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      result.err = errno;
      break;
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  result.data.resize(size);
  return result;
}

ReadResult read_file_at(FdRef directory, const std::string& path, std::size_t limit) {
  const OpenResult file = open_at(directory, path, O_RDONLY);
  if (file.err != 0) {
    return {{}, file.err};
  }
  ReadResult result = read_all(file.fd.ref(), limit);
  note_trouble(result.err, path);
  return result;
}

ReadResult read_file(const std::string& path, std::size_t limit) {
  return read_file_at(current_directory, path, limit);
}

int write_file_at(FdRef directory, const std::string& path, std::string_view text) {
  OpenResult file = open_at(directory, path, O_WRONLY);
  if (file.err != 0) {
    return file.err;
  }
  for (;;) {
    const ssize_t put = ::write(file.fd.number(), text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return errno;
    }
    return static_cast<std::size_t>(put) == text.size() ? 0 : EIO;
  }
}

int write_all(FdRef fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t put = ::write(fd.number(), data.data(), data.size());
    if (put >= 0) {
      data.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = fd.number(), .events = POLLOUT, .revents = 0};
      (void)::poll(&writable, 1, -1);  // Why: a failure shows in the next write.
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int write_patiently(FdRef fd, std::string_view data, FdRef interrupt,
                    const std::function<bool()>& give_up, int patience_ms) {
  // Kernel: what polls writable takes PIPE_BUF bytes without blocking (pipe(7)); a file of the
  // host's always polls so, and takes all.
  struct ::stat status {};
  const bool is_file = ::fstat(fd.number(), &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t most = is_file ? data.size() : PIPE_BUF;
  while (!data.empty()) {
    std::array<pollfd, 2> polled = {pollfd{fd.number(), POLLOUT, 0},
                                    pollfd{interrupt.number(), POLLIN, 0}};
    const int ready = ::poll(polled.data(), polled.size(), patience_ms);
    if (ready == 0) {
      return ETIMEDOUT;
    }
    if (ready < 0 && errno != EINTR) {
      return errno;
    }
    if (polled[0].revents == 0) {
      if (polled[1].revents != 0 && give_up()) {
        return ECANCELED;
      }
      continue;
    }
    const ssize_t put = ::write(fd.number(), data.data(), std::min(data.size(), most));
    if (put >= 0) {
      data.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

std::optional<struct ::stat> stat_path(const std::string& path) {
  struct ::stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const int err = errno;
    note_trouble(err, path);
    errno = err;
    return std::nullopt;
  }
  return status;
}

std::optional<std::string> read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) {
    note_trouble(errno, path);
    return std::nullopt;
  }
  target.resize(static_cast<std::size_t>(length));
  return target;
}

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                             &std::free);
  if (resolved == nullptr) {
    note_trouble(errno, path);
  }
  return resolved != nullptr ? std::optional<std::string>(resolved.get()) : std::nullopt;
}

Listing list_directory(FdRef directory, std::string_view prefix) {
  // Why not readdir(3): it takes five calls more, to open a descriptor of its own.
  Listing listing;
  alignas(dirent64) std::array<char, 8192> buffer{};
  // Why: from the start, also of a descriptor that has been read before.
  ssize_t got = ::lseek(directory.number(), 0, SEEK_SET);
  while (got >= 0 && (got = ::getdents64(directory.number(), buffer.data(), buffer.size())) > 0) {
    for (ssize_t at = 0; at < got;) {
      // Safety: the kernel aligns each entry, and says its length.
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      const std::string_view name = static_cast<const char*>(entry->d_name);
      if (name.starts_with(prefix) && name != "." && name != "..") {
        listing.names.emplace_back(name);
      }
      at += entry->d_reclen;
    }
  }
  if (got < 0) {
    listing.err = errno;
    note_trouble(listing.err, "the names in a directory");
  }
  return listing;
}

Result<MemoryFile> new_memory_file(const char* name, Tag tag) {
  MemoryFile memory;
  memory.writer = Fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.writer.valid()) {
    return Error(tag, "creating an in-memory file", errno);
  }
  // Why: the descriptor that writes is read-write; the target gets a read-only one of its own.
  OpenResult reopened =
      open_path(fmt::format("/proc/self/fd/{}", memory.writer.number()), O_RDONLY);
  if (reopened.err != 0) {
    return Error(tag, "reopening an in-memory file read-only", reopened.err);
  }
  memory.reader = std::move(reopened.fd);
  return memory;
}

Result<Done> seal(FdRef writer, Tag tag) {
  // Why: not even a descriptor that could write, by another way through /proc/self/fd.
  if (::fchmod(writer.number(), 0444) != 0) {
    return Error(tag, "making an in-memory file read-only", errno);
  }
  if (::fcntl(writer.number(), F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return Error(tag, "sealing an in-memory file", errno);
  }
  return Done{};
}

Result<Done> copy_into_memory(FdRef writer, FdRef source, std::uint64_t limit, Tag tag) {
  std::uint64_t size = 0;
  for (;;) {
    // Limit: one byte more than allowed is enough to know that the source is too large.
    const ssize_t moved = ::sendfile(writer.number(), source.number(), nullptr,
                                     std::min<std::uint64_t>(limit - size + 1, 1U << 20));
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved < 0) {
      return Error(tag, "copying into an in-memory file", errno);
    }
    if (moved == 0) {
      return Done{};
    }
    size += static_cast<std::uint64_t>(moved);
    if (size > limit) {
      return Error(tag, fmt::format("copying more than {} bytes into an in-memory file", limit),
                   EFBIG);
    }
  }
}

Result<Done> write_into_memory(FdRef writer, std::string_view bytes, Tag tag) {
  const int err = write_all(writer, bytes);
  return err == 0 ? Result<Done>(Done{}) : Error(tag, "filling an in-memory file", err);
}

Result<Fd> sealed_memfd_of(const char* name, std::string_view bytes, Tag tag) {
  MemoryFile memory = TRY(new_memory_file(name, tag));
  CHECK(write_into_memory(memory.writer.ref(), bytes, tag));
  CHECK(seal(memory.writer.ref(), tag));
  return std::move(memory.reader);
}

}  // namespace sb::sys
