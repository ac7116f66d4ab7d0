// JSON text to ConfigValue. Of policy/, json_reader.cc alone uses nlohmann-json.
// Must not know what the document is about.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "policy/config_value.h"

namespace sb::policy {

// `start` says whose text it is; its line and column do not count. Numbers keep their spelling, and
// null is a scalar without text. A key that is there twice, depth and number of values beyond
// measure are errors. Errors: profile_syntax, or request_syntax of a request; on one line with the
// position.
struct JsonBounds {
  std::size_t most_values = 65'536;  // Limit: one costs some hundred bytes, however short its text
  unsigned first_line = 1;           // of the text, in its file
};
Result<ConfigValue> read_json(std::string_view text, const Origin& start,
                              const JsonBounds& bounds = {});

}  // namespace sb::policy
