// ConfigValue: a parsed document as plain values with positions, whatever library read it.
// Must not know keys or what they mean.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/profile.h"

namespace sb::policy {

struct ConfigValue {
  enum class Kind { string, scalar, list, table };  // scalar: number, boolean, date

  Kind kind = Kind::string;
  std::string text;                // of strings and scalars
  std::vector<ConfigValue> items;  // of lists
  // Of tables, in the order of the file; each key with its own position.
  std::vector<std::pair<Setting<std::string>, ConfigValue>> members;
  Origin origin;

  bool is_text() const { return kind == Kind::string || kind == Kind::scalar; }
};

}  // namespace sb::policy
