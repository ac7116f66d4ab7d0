// Cutting a text into its parts.
// Must not interpret them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sb {

// "a:b" → "a", "b"; a separator at the end adds no empty part.
// Why not a stream: the first one that a process makes costs more than reading what it splits.
std::vector<std::string> split(std::string_view text, char separator);

// What is before the first newline; all where there is none.
std::string_view first_line(std::string_view text);

// The last part of a path, whether a slash follows it or not; empty for "/".
std::string base_name(std::string path);

}  // namespace sb
