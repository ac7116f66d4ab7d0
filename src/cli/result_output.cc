#include "cli/result_output.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "cli/patience.h"
#include "result/json.h"
#include "result/text.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

constexpr mode_t result_mode = 0644;
constexpr std::string_view writing = "writing the result to";

Error io_error(std::string_view doing, std::string_view where, int err) {
  return Error(Tag::io_result, fmt::format("{} \"{}\"", doing, where), err);
}

Result<Done> write_document(const RunOptions& options, const result::Outcome& outcome,
                            sys::FdRef signals, sys::FdRef fd, std::string_view where) {
  const result::Sink sink = [&](std::string_view bytes) -> Result<Done> {
    if (const int err = write_patiently(fd, bytes, signals); err != 0) {
      return io_error(writing, where, err);
    }
    return Done{};
  };
  switch (options.format) {
    case Format::json:
      return result::write_json(outcome, sink, ::isatty(fd.number()) == 1);
    case Format::text:
      return result::write_text(outcome, sink);
    case Format::isolate:
      return result::write_isolate(outcome, sink);
  }
  return Done{};
}

// The file a path names: where links lead, or the path itself where there is nothing yet.
std::string resolved(const std::string& path) { return sys::real_path(path).value_or(path); }

bool is_special_file(const std::string& path) {
  const std::optional<struct ::stat> status = sys::stat_path(path);
  return status && !S_ISREG(status->st_mode);
}

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

// Why: renaming onto /dev/null as root would replace the device; a pipe has a reader waiting.
Result<Done> write_special(const RunOptions& options, const result::Outcome& outcome,
                           sys::FdRef signals, const std::string& path) {
  const sys::OpenResult file = sys::open_path(path, O_WRONLY | O_NOCTTY);
  if (file.err != 0) {
    return io_error("opening", path, file.err);
  }
  return write_document(options, outcome, signals, file.fd.ref(), path);
}

Result<Done> write_file(const RunOptions& options, const result::Outcome& outcome,
                        sys::FdRef signals, const std::string& path) {
  const std::filesystem::path target(path);
  const std::string temporary =
      fmt::format("{}/.{}.{}.tmp", directory_of(path), target.filename().string(), ::getpid());
  // Why: a file of that name can only be left over from a process that had our number.
  (void)::unlink(temporary.c_str());
  const sys::OpenResult file =
      sys::open_path(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, result_mode);
  if (file.err != 0) {
    return io_error("creating", temporary, file.err);
  }
  Result<Done> written = write_document(options, outcome, signals, file.fd.ref(), path);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = io_error(writing, path, errno);
  }
  if (!written) {
    (void)::unlink(temporary.c_str());  // Why: the first error is the one that matters.
  }
  return written;
}

Result<Done> check_descriptor(sys::FdRef fd, std::string_view where) {
  const int flags = ::fcntl(fd.number(), F_GETFL);
  if (flags < 0) {
    return io_error(writing, where, errno);
  }
  if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
    return io_error(writing, where, EBADF);
  }
  return Done{};
}

bool writes_nothing(const RunOptions& options) {
  return options.pass && options.result_destination.empty();
}

}  // namespace

Result<Done> check_result_destination(const RunOptions& options) {
  if (writes_nothing(options)) {
    return Done{};
  }
  const std::string& destination = options.result_destination;
  if (destination.empty()) {
    return check_descriptor(sys::FdRef(STDOUT_FILENO), "stdout");
  }
  if (const std::optional<int> number = descriptor_of(destination)) {
    return check_descriptor(sys::FdRef(*number), destination);
  }
  const std::string path = resolved(destination);
  const std::optional<struct ::stat> status = sys::stat_path(path);
  if (destination.ends_with('/') || (status && S_ISDIR(status->st_mode))) {
    return io_error(writing, destination, EISDIR);
  }
  const std::string needed = is_special_file(path) ? path : directory_of(path);
  if (::faccessat(AT_FDCWD, needed.c_str(), W_OK, AT_EACCESS) != 0) {
    return io_error(writing, destination, errno);
  }
  return Done{};
}

Result<Done> write_result(const RunOptions& options, const result::Outcome& outcome,
                          sys::FdRef signals) {
  if (writes_nothing(options)) {
    return Done{};
  }
  const std::string& destination = options.result_destination;
  if (destination.empty()) {
    return write_document(options, outcome, signals, sys::FdRef(STDOUT_FILENO), "stdout");
  }
  if (const std::optional<int> number = descriptor_of(destination)) {
    return write_document(options, outcome, signals, sys::FdRef(*number), destination);
  }
  const std::string path = resolved(destination);
  return is_special_file(path) ? write_special(options, outcome, signals, path)
                               : write_file(options, outcome, signals, path);
}

}  // namespace sb::cli
