#include "cli/result_output.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "cli/patience.h"
#include "files/new_file.h"
#include "policy/doubtful.h"
#include "result/json.h"
#include "result/playground.h"
#include "result/text.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

constexpr mode_t result_mode = 0644;
constexpr std::string_view writing = "writing the result to";

Error io_error(std::string_view doing, std::string_view where, int err) {
  return Error(Tag::io_result, fmt::format("{} \"{}\"", doing, where), err);
}

// As the Playground runs tests, and knows that it does.
bool shows_tests(const RunOptions& options) {
  const std::vector<std::string>& command = options.steps.back().request.command;
  return std::find(command.begin(), command.end(), "-test.v") != command.end();
}

Result<Done> write_document(const RunOptions& options, const result::Outcome& outcome,
                            sys::FdRef signals, sys::FdRef fd, std::string_view where) {
  const result::Sink sink = [&](std::string_view bytes) -> Result<Done> {
    if (const int err = write_patiently(fd, bytes, signals); err != 0) {
      return io_error(writing, where, err);
    }
    return Done{};
  };
  const bool is_terminal = ::isatty(fd.number()) == 1;
  switch (options.format) {
    case Format::json:
      return result::write_json(outcome, sink, is_terminal);
    case Format::text:
      return result::write_text(outcome, sink);
    case Format::isolate:
      return result::write_isolate(outcome, sink);
    case Format::playground:
      return result::write_playground(outcome, shows_tests(options), sink, is_terminal);
  }
  return Done{};
}

// Why: renaming onto /dev/null as root would replace the device; a pipe has a reader waiting.
Result<Done> write_special(const RunOptions& options, const ResultPlace& place,
                           const result::Outcome& outcome, sys::FdRef signals) {
  const sys::OpenResult file = sys::open_for_writing(
      sys::current_directory, fmt::format("/proc/self/fd/{}", place.special.number()), 0);
  if (file.err != 0) {
    return io_error("opening", options.result_destination, file.err);
  }
  return write_document(options, outcome, signals, file.fd.ref(), options.result_destination);
}

Result<Done> write_file(const RunOptions& options, const ResultPlace& place,
                        const result::Outcome& outcome, sys::FdRef signals) {
  const std::string& path = options.result_destination;
  files::NewFile file(place.directory.ref(), place.name, result_mode);
  if (file.err() != 0) {
    return io_error("creating a file beside", path, file.err());
  }
  CHECK(write_document(options, outcome, signals, file.fd(), path));
  const int err = file.commit();
  return err == 0 ? Result<Done>(Done{}) : io_error(writing, path, err);
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

Result<ResultPlace> find_result_place(const RunOptions& options, const sys::Doubtful& doubtful) {
  ResultPlace place;
  if (writes_nothing(options)) {
    return place;
  }
  const std::string& destination = options.result_destination;
  if (destination.empty()) {
    CHECK(check_descriptor(sys::FdRef(STDOUT_FILENO), "stdout"));
    return place;
  }
  if (const std::optional<int> number = descriptor_of(destination)) {
    CHECK(check_descriptor(sys::FdRef(*number), destination));
    return place;
  }
  sys::Location at = sys::locate(destination, doubtful);
  const std::optional<struct ::stat> status = at.err == 0 ? at.status() : std::nullopt;
  if (destination.ends_with('/') || (status && S_ISDIR(status->st_mode))) {
    return io_error(writing, destination, EISDIR);
  }
  if (at.err != 0) {
    return policy::explain_link(io_error(writing, destination, at.err), at);
  }
  const bool special = at.follows || (status && !S_ISREG(status->st_mode));
  if (special && at.doubtful) {
    // Why: a pipe of the program's, or nobody's.
    return policy::explain_link(io_error(writing, destination, ENXIO), at);
  }
  const char* const needed = special ? at.name.c_str() : ".";
  if (::faccessat(at.directory.number(), needed, W_OK, AT_EACCESS) != 0) {
    return io_error(writing, destination, errno);
  }
  if (special) {
    sys::OpenResult held = at.open(O_PATH);
    if (held.err != 0) {
      return io_error(writing, destination, held.err);
    }
    place.special = std::move(held.fd);
  } else {
    place.directory = std::move(at.directory);
    place.name = std::move(at.name);
  }
  return place;
}

Result<Done> write_result(const RunOptions& options, const ResultPlace& place,
                          const result::Outcome& outcome, sys::FdRef signals) {
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
  return place.special.valid() ? write_special(options, place, outcome, signals)
                               : write_file(options, place, outcome, signals);
}

}  // namespace sb::cli
