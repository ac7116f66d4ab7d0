#include "cli/print.h"

#include <unistd.h>

#include <fmt/core.h>

#include "result/utf8.h"
#include "sys/files.h"

namespace sb::cli {

void print_line(std::string_view text) {
  const std::string line = fmt::format("sandbox: {}\n", result::visible(text));
  // Why: nothing better can be done when stderr can't be written.
  (void)sys::write_all(sys::FdRef(STDERR_FILENO), line);
}

void print_error(const Error& error) {
  print_line(error.to_line());
  // Why: the general hint of usage errors adds nothing to a line that names the option.
  if (!error.hint().empty() && error.tag() != Tag::usage) {
    print_line(fmt::format("hint: {}", error.hint()));
  }
}

Result<Done> print_text(std::string_view text) {
  if (const int err = sys::write_all(sys::FdRef(STDOUT_FILENO), text); err != 0) {
    return Error(Tag::io_result, "writing to stdout", err);
  }
  return Done{};
}

}  // namespace sb::cli
