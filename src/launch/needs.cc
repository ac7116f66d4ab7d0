#include "launch/needs.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <elf.h>
#include <unistd.h>

namespace sb::launch {
namespace {

// Limit: of what is read of a file. Kernel: the first line of a script counts to 255 bytes.
constexpr std::size_t head_size = 256;
constexpr std::size_t most_program_headers = 128;
constexpr std::size_t longest_loader = 4096;

std::string read_at(sys::FdRef file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t got = ::pread(file.number(), bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

// Kernel: blanks before the path are skipped; it ends with a blank, a NUL or the line
// (fs/binfmt_script.c).
std::optional<Need> need_of_script(const std::string& head) {
  constexpr std::string_view ends(" \t\0", 3);
  const std::string line = head.substr(2, head.find('\n') - 2);
  const std::size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string path = line.substr(start, line.find_first_of(ends, start) - start);
  return path.empty() ? std::nullopt : std::optional(Need{"interpreter", path});
}

std::optional<Need> need_of_elf(sys::FdRef file, const std::string& head) {
  Elf64_Ehdr header{};
  if (head.size() < sizeof header) {
    return std::nullopt;
  }
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phnum > most_program_headers) {
    return std::nullopt;
  }
  const std::string table = read_at(file, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
  for (std::size_t at = 0; at + sizeof(Elf64_Phdr) <= table.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, table.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP && segment.p_filesz <= longest_loader) {
      const std::string bytes = read_at(file, segment.p_offset, segment.p_filesz);
      const std::string loader = bytes.substr(0, bytes.find('\0'));
      return loader.empty() ? std::nullopt : std::optional(Need{"dynamic loader", loader});
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Need> need_of_file(sys::FdRef file) {
  const std::string head = read_at(file, 0, head_size);
  if (head.starts_with("#!")) {
    return need_of_script(head);
  }
  return head.starts_with(ELFMAG) ? need_of_elf(file, head) : std::nullopt;
}

}  // namespace sb::launch
