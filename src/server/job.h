// A job in its worker: from the text of a request to the line that answers it.
// Must not know clients.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/request.h"
#include "result/outcome.h"
#include "server/settings.h"
#include "sys/fd.h"

namespace sb::server {

// The programs that the request of a job asks for, at least one; `passed`: the descriptors that
// came with it, which it may refer to as long as they are open. Errors: request.*.
Result<std::vector<policy::StepRequest>> requests_of(std::string_view text,
                                                     const std::vector<sys::Fd>& passed,
                                                     const Settings& settings);

// {"id": ID, "error": ...} with a line end.
std::string error_line(const std::optional<std::string>& id, const Error& error);
// {"id": ID, "result": ...}
std::string result_line(const std::optional<std::string>& id, const result::Outcome& outcome);
// {"id": ID, "event": ...}; `event`: a line, with or without its end.
std::string event_line(const std::optional<std::string>& id, std::string_view event);

}  // namespace sb::server
