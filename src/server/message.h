// Message: what one line of a client's asks for.
// Must not read more of a request than who hands it on needs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace sb::server {

enum class Op { run, cancel, signal, stats, ping };

struct Message {
  Op op = Op::run;
  std::optional<std::string> id;
  int signal = 0;               // of Op::signal
  bool wants_events = false;    // of Op::run, as the next ones
  std::size_t descriptors = 0;  // how many of those that came it refers to
  std::size_t alike = 0;        // equal for requests that may use sandboxes made alike
};

// `line`: without its end. Errors: those of policy::read_request.
Result<Message> read_message(std::string_view line);

// The id alone, for an answer to a line that is no message; nullopt where none can be made out.
std::optional<std::string> id_of(std::string_view line);

}  // namespace sb::server
