// Writes the parts of a plain tar archive around the bytes of its members (GNU format).
// Must not read files: what it is told is what it writes.
#pragma once

#include <cstdint>
#include <string>

namespace sb::files {

enum class TarMemberKind : char { file = '0', symlink = '2', directory = '5' };

struct TarMember {
  std::string name;  // any bytes but NUL, of any length
  TarMemberKind kind = TarMemberKind::file;
  std::uint32_t mode = 0;
  std::uint64_t size = 0;  // of a file: the bytes that follow
  std::int64_t mtime = 0;  // seconds
  std::string link;        // of a symlink: what it points to
};

void append_tar_header(const TarMember& member, std::string& archive);
// What fills the last block behind `size` bytes.
void append_tar_padding(std::uint64_t size, std::string& archive);
void append_tar_end(std::string& archive);

}  // namespace sb::files
