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
  // Why: a line that names the option, or the place in the profile and the nearest name, is all
  // that is needed: one clear line. The general hints of those tags would add nothing to it.
  const std::string_view name = info(error.tag()).name;
  const bool says_all =
      error.tag() == Tag::usage || name.starts_with("profile.") || name.starts_with("request.");
  if (!error.hint().empty() && !says_all) {
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
