#include "base/error.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/core.h>
#include <unistd.h>

namespace sb {

bool is_machine_fault(int err) {
  return err == ENOMEM || err == EMFILE || err == ENFILE || err == EIO;
}

int Error::exit_code() const {
  return is_machine_fault(err_) ? info(Tag::internal).exit_code : info(tag_).exit_code;
}

std::string errno_name(int err) {
  const char* name = strerrorname_np(err);
  return name != nullptr ? std::string(name) : fmt::format("errno {}", err);
}

std::string Error::message() const {
  if (err_ == 0) {
    return frames_.front();
  }
  const char* text = strerrordesc_np(err_);
  return fmt::format("{}: {}", frames_.front(), text != nullptr ? text : errno_name(err_));
}

std::vector<std::string> Error::outer_frames() const {
  return {frames_.rbegin(), frames_.rend() - 1};
}

std::string Error::to_line() const {
  std::string line;
  for (const std::string& frame : outer_frames()) {
    line += frame + ": ";
  }
  return line + fmt::format("{} [{}]", message(), info(tag_).name);
}

void assertion_failed(const char* condition, const char* file, int line) {
  const std::string text =
      fmt::format("sandbox: internal error: {} does not hold at {}:{}\n", condition, file, line);
  // Why: nothing better can be done with a failure to write the last words.
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace sb
