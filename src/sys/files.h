// Files and directories: open, read whole, write whole, stat, make, remove.
// Must not choose paths or tags for policy: errors carry the caller's tag.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::sys {

// All: O_CLOEXEC is added; EINTR is retried; the errno is returned in place of a tag, since only
// the caller knows what a failure means: value, or -errno.
struct OpenResult {
  Fd fd;
  int err = 0;  // 0: fd is valid
};
OpenResult open_at(FdRef directory, const std::string& path, int flags, mode_t mode = 0);
OpenResult open_path(const std::string& path, int flags, mode_t mode = 0);

// For writing only, never as a controlling terminal. A named pipe is waited for until somebody
// reads it; a signal to end that take_signals() has blocked gives up: ECANCELED.
OpenResult open_for_writing(FdRef directory, const std::string& path, int flags, mode_t mode = 0);

inline constexpr FdRef current_directory{-100};  // AT_FDCWD

// Reads at most `limit` bytes of a file; -errno in err.
struct ReadResult {
  std::string data;
  int err = 0;
};
ReadResult read_all(FdRef fd, std::size_t limit);  // waits where the descriptor does not
ReadResult read_file_at(FdRef directory, const std::string& path, std::size_t limit);
ReadResult read_file(const std::string& path, std::size_t limit);

// errno or 0. Everybody may look into it, whatever the caller's umask is.
int make_directory(const std::string& path);

// One write(2) of the whole text (cgroup and /proc files take it in one piece); errno or 0.
int write_file_at(FdRef directory, const std::string& path, std::string_view text);
// Loops over short writes and EINTR, waits on EAGAIN; errno or 0.
int write_all(FdRef fd, std::string_view data);

// The same for a reader that may never read. While it makes us wait: `give_up` is asked when
// `interrupt` polls readable, and true ends it with ECANCELED; and so does a wait of more than
// `patience_ms`, with ETIMEDOUT (-1: none does).
int write_patiently(FdRef fd, std::string_view data, FdRef interrupt,
                    const std::function<bool()>& give_up, int patience_ms);

std::optional<struct ::stat> stat_path(const std::string& path);  // follows links
std::optional<std::string> read_link(const std::string& path);    // nullopt: no symbolic link
std::optional<std::string> real_path(const std::string& path);

struct Listing {
  std::vector<std::string> names;  // without "." and ".."
  int err = 0;                     // not 0: there may be more
};
Listing list_directory(FdRef directory, std::string_view prefix = {});

// A file in memory (memfd_create(2)): one descriptor to fill it by, one to read it from its start.
struct MemoryFile {
  Fd writer;
  Fd reader;
};
Result<MemoryFile> new_memory_file(const char* name, Tag tag);
Result<Done> copy_into_memory(FdRef writer, FdRef source, std::uint64_t limit, Tag tag);
Result<Done> write_into_memory(FdRef writer, std::string_view bytes, Tag tag);
// From now on nobody can change it (F_ADD_SEALS), by whatever descriptor.
Result<Done> seal(FdRef writer, Tag tag);
// All three at once: the reader.
Result<Fd> sealed_memfd_of(const char* name, std::string_view bytes, Tag tag);

}  // namespace sb::sys
