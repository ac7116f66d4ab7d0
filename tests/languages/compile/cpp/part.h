// Shared by both files of the program. Must not grow.
#pragma once
#include <string>
#include <vector>
std::string joined(const std::vector<std::string>& words);
