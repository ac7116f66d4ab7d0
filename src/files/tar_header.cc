#include "files/tar_header.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/core.h>

namespace sb::files {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::size_t name_size = 100;

using Block = std::array<char, block_size>;

void put(Block& block, std::size_t at, std::size_t room, const std::string& text) {
  std::memcpy(block.data() + at, text.data(), std::min(room, text.size()));
}

// In octal with a NUL behind; what does not fit, as GNU has it: bytes with the highest bit set.
void put_number(Block& block, std::size_t at, std::size_t room, std::uint64_t number) {
  const std::string digits = fmt::format("{:0{}o}", number, room - 1);
  if (digits.size() < room) {
    put(block, at, room, digits);
    return;
  }
  for (std::size_t i = room; i-- > 1; number >>= 8) {
    block.at(at + i) = static_cast<char>(number & 0xff);
  }
  block.at(at) = static_cast<char>(0x80);
}

void append_block(const std::string& name, char kind, std::uint32_t mode, std::uint64_t size,
                  std::uint64_t mtime, const std::string& link, std::string& archive) {
  Block block{};
  put(block, 0, name_size, name);
  put_number(block, 100, 8, mode);
  put_number(block, 108, 8, 0);  // Why root: whose it was inside means nothing elsewhere.
  put_number(block, 116, 8, 0);
  put_number(block, 124, 12, size);
  put_number(block, 136, 12, mtime);
  put(block, 148, 8, "        ");  // the sum counts itself so
  block.at(156) = kind;
  put(block, 157, name_size, link);
  put(block, 257, 8, std::string("ustar  \0", 8));
  put(block, 265, 32, "root");
  put(block, 297, 32, "root");
  unsigned sum = 0;
  for (const char c : block) {
    sum += static_cast<unsigned char>(c);
  }
  put(block, 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  archive.append(block.data(), block.size());
}

// What has no room in a header is the contents of one before it.
void append_long(char kind, const std::string& text, std::string& archive) {
  if (text.size() > name_size) {
    append_block("././@LongLink", kind, 0, text.size() + 1, 0, "", archive);
    archive += text;
    archive += '\0';
    append_tar_padding(text.size() + 1, archive);
  }
}

}  // namespace

void append_tar_header(const TarMember& member, std::string& archive) {
  append_long('K', member.link, archive);
  append_long('L', member.name, archive);
  append_block(member.name, static_cast<char>(member.kind), member.mode, member.size,
               static_cast<std::uint64_t>(std::max<std::int64_t>(member.mtime, 0)), member.link,
               archive);
}

void append_tar_padding(std::uint64_t size, std::string& archive) {
  archive.append((block_size - size % block_size) % block_size, '\0');
}

void append_tar_end(std::string& archive) { archive.append(2 * block_size, '\0'); }

}  // namespace sb::files
