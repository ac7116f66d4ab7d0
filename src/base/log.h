// Debug log to stderr, only with SANDBOX_LOG=debug|info. Must not be used for results or errors.
// Only supervise, cli and server log above debug.
#pragma once

#include <string_view>

namespace sb {

// Reads the level once, from cli; before that, nothing is logged. False for an unknown level name.
bool set_log_level(std::string_view level);
bool log_enabled();
void log_debug(std::string_view text);

}  // namespace sb
