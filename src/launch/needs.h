// What a file needs to be executed: the interpreter of a script, the dynamic loader of an ELF file.
// Must not look for it, nor trust the file: it is the caller's or the program's.
#pragma once

#include <optional>
#include <string>

#include "sys/fd.h"

namespace sb::launch {

struct Need {
  std::string role;  // "interpreter" or "dynamic loader"
  std::string path;  // inside; relative to the working directory where it has no slash first
};

// nullopt: nothing, or no such file.
std::optional<Need> need_of_file(sys::FdRef file);

}  // namespace sb::launch
