#include "cli/request_input.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "policy/words.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

Error unreadable(const std::string& source, int err) {
  return Error(Tag::request_unreadable,
               fmt::format("reading the request from {}",
                           source == "-" ? "stdin" : policy::in_quotes(source)),
               err);
}

}  // namespace

Result<GivenRequest> read_given_request(const std::string& source) {
  // One byte more than allowed shows that there is more.
  constexpr std::size_t limit = policy::longest_request + 1;
  sys::ReadResult read;
  if (source == "-") {
    read = sys::read_all(sys::FdRef(STDIN_FILENO), limit);
  } else {
    const sys::OpenResult file = sys::open_path(source, O_RDONLY | O_NOCTTY);
    if (file.err != 0) {
      return unreadable(source, file.err);
    }
    read = sys::read_all(file.fd.ref(), limit);
  }
  if (read.err != 0) {
    return unreadable(source, read.err);
  }
  GivenRequest given;
  given.document = TRY(policy::read_request(read.data, source == "-" ? "stdin" : source));
  if (source == "-") {
    given.text = std::move(read.data);
  }
  return given;
}

Result<Done> put_back_on_stdin(const std::string& text) {
  const sys::Fd memory = TRY(sys::sealed_memfd_of("request", text, Tag::request_unreadable));
  if (::dup2(memory.number(), STDIN_FILENO) < 0) {
    return unreadable("-", errno);
  }
  return Done{};
}

}  // namespace sb::cli
