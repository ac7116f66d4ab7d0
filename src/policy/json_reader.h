// JSON text to ConfigValue. Of policy/, json_reader.cc alone uses nlohmann-json.
// Must not know what the document is about.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/config_value.h"

namespace sb::policy {

// Only the syntax error has a position: the library keeps none for values, so their origin names
// the source alone. Errors: profile_syntax.
Result<ConfigValue> read_json(std::string_view text, const std::string& source);

}  // namespace sb::policy
