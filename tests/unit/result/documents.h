// Outcomes and document helpers that the tests of result/ share.
// Must not use the code under test to check it.
#pragma once

#include <string>
#include <string_view>

#include "result/json.h"

namespace sbtest {

// A complete outcome of a run that ended by itself.
sb::result::Outcome finished_outcome();
// The same of a run that a limit stopped.
sb::result::Outcome limited_outcome(sb::result::Status status, const std::string& limit);
sb::result::Outcome failed_outcome();

std::string json_of(const sb::result::Outcome& outcome, bool pretty = false);

// The text of the JSON string that follows `"key":` at or after `from` in a one-line document,
// with its escapes taken back; keys occur in document order.
std::string json_string(std::string_view document, std::string_view key, std::size_t from = 0);

std::string base64_decoded(std::string_view text);

}  // namespace sbtest
