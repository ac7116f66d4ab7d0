// What a person sees on the terminal: errors on stderr, help on stdout.
// Must not write results: that is result_output.
#pragma once

#include <string_view>

#include "base/error.h"

namespace sb::cli {

// `sandbox: mounting tmpfs on "/tmp": No space left on device [launch.mount]`, and a second line
// `sandbox: hint: ...` where there is one. A usage error is one line. Control characters are shown
// as \xNN.
void print_error(const Error& error);

// One line on stderr, `sandbox: text`.
void print_line(std::string_view text);

// Text on stdout. Errors: io_result.
Result<Done> print_text(std::string_view text);

}  // namespace sb::cli
