// What a file needs to be executed: any bytes as a script's first line or an ELF file's headers.
#include "launch/needs.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/properties.h"
#include "fuzz/targets.h"

namespace sbfuzz {

void fuzz_needs(std::string_view bytes) {
  const sb::sys::Fd file(::memfd_create("program", MFD_CLOEXEC));
  HOLDS(file.valid());
  HOLDS(::write(file.number(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const std::optional<sb::launch::Need> need = sb::launch::need_of_file(file.ref());
  if (!need) {
    return;
  }
  HOLDS(!need->path.empty() && need->path.find('\0') == std::string::npos);
  // What it names is in the file.
  HOLDS(bytes.find(need->path) != std::string_view::npos);
  if (bytes.starts_with("#!")) {
    // Kernel: the first line, of which 255 bytes count; blanks around the path do not.
    HOLDS(need->role == "interpreter" && need->path.size() < 255);
    HOLDS(need->path.find_first_of(" \t\n") == std::string::npos);
    HOLDS(bytes.find(need->path) < bytes.find('\n'));
  } else {
    HOLDS(need->role == "dynamic loader" && need->path.size() <= 4096);
    HOLDS(
        bytes.starts_with("\x7f"
                          "ELF"));
  }
}

}  // namespace sbfuzz
