#include "cli/request_input.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "policy/words.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

std::string name_of(const std::string& source) {
  return source == "-" ? "stdin" : policy::in_quotes(source);
}

Error unreadable(const std::string& source, int err) {
  return Error(Tag::request_unreadable, "reading the request from " + name_of(source), err);
}

// One byte more than `most` shows that there is more.
sys::ReadResult read_source(const std::string& source, std::size_t most) {
  if (source == "-") {
    return sys::read_all(sys::FdRef(STDIN_FILENO), most + 1);
  }
  const sys::OpenResult file = sys::open_path(source, O_RDONLY | O_NOCTTY);
  if (file.err != 0) {
    return {.data = "", .err = file.err};
  }
  return sys::read_all(file.fd.ref(), most + 1);
}

}  // namespace

Result<policy::SharedProgram> read_given_program(const std::string& source) {
  return policy::program_of(read_source(source, policy::longest_payload), name_of(source));
}

Result<GivenRequest> read_given_request(const std::string& source) {
  sys::ReadResult read = read_source(source, policy::longest_request);
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

Result<Done> put_back_on_stdin(std::string_view text) {
  const sys::Fd memory = TRY(sys::sealed_memfd_of("request", text, Tag::request_unreadable));
  if (::dup2(memory.number(), STDIN_FILENO) < 0) {
    return unreadable("-", errno);
  }
  return Done{};
}

}  // namespace sb::cli
