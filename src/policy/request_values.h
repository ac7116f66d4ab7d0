// Values of a request that more than one of its keys has: texts, payloads, streams.
// Must not know a request's keys, nor read files.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "policy/config_value.h"
#include "policy/key_error.h"
#include "policy/request_document.h"

namespace sb::policy {

// Kernel: MAX_ARG_STRLEN with its final NUL; no path, argument or variable can be longer.
inline constexpr std::size_t longest_string = 131'071;

// Errors of all: request_value, naming the place.
Result<std::string> text_of(const ConfigValue& value, const Place& place);
Result<std::vector<std::string>> texts_of(const ConfigValue& value, const Place& place);
Result<SharedBytes> payload_of_base64(const ConfigValue& value, const Place& place);
// The number of {"fd": N}, of which `value` is N; `place` is that of the table.
Result<std::size_t> descriptor_of(const ConfigValue& value, const Place& place);

// The readers of stdin, stdout and stderr.
Result<Done> read_stdin(RequestDocument& request, const ConfigValue& value, const Place& place);
Result<Done> read_stdout(RequestDocument& request, const ConfigValue& value, const Place& place);
Result<Done> read_stderr(RequestDocument& request, const ConfigValue& value, const Place& place);

}  // namespace sb::policy
