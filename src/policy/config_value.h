// ConfigValue: a parsed document as plain values with positions, whatever library read it.
// Must not know keys or what they mean.
#pragma once

#include <string>
#include <vector>

#include "policy/profile.h"

namespace sb::policy {

struct ConfigMember;

struct ConfigValue {
  enum class Kind { string, scalar, list, table };  // scalar: number, boolean, date

  Kind kind = Kind::string;
  std::string text;                   // of strings and scalars
  std::vector<ConfigValue> items;     // of lists
  std::vector<ConfigMember> members;  // of tables, in the order of the file
  Origin origin;

  bool is_text() const { return kind == Kind::string || kind == Kind::scalar; }
};

struct ConfigMember {
  Setting<std::string> key;  // with its own position
  ConfigValue value;
};

}  // namespace sb::policy
