// Reading and writing the one-value and key-value files of a cgroup directory.
// Must not know what a file means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::cgroup {

// The number a file holds; nullopt if it can't be read or says "max".
std::optional<std::uint64_t> read_number(sys::FdRef directory, const char* file);

// The number after `key` in a file of "key value" lines.
std::optional<std::uint64_t> read_key(sys::FdRef directory, const char* file, std::string_view key);

// Errors: cgroup.limit, naming the file and the value.
Result<Done> write_value(sys::FdRef directory, const std::string& file, const std::string& value);

}  // namespace sb::cgroup
