#include "launch/inside/tar.h"

#include <string.h>

namespace sb::inside {
namespace {

// Limit: of directories above an entry.
constexpr size_t deepest = 64;

// POSIX, "ustar Interchange Format": offsets in a header.
constexpr size_t name_at = 0, name_size = 100;
constexpr size_t mode_at = 100, mode_size = 8;
constexpr size_t size_at = 124, size_size = 12;
constexpr size_t mtime_at = 136, mtime_size = 12;
constexpr size_t sum_at = 148, sum_size = 8;
constexpr size_t kind_at = 156;
constexpr size_t link_at = 157, link_size = 100;
constexpr size_t magic_at = 257;
constexpr size_t prefix_at = 345, prefix_size = 155;

bool is_zero(const unsigned char* block) {
  for (size_t i = 0; i < tar_block; ++i) {
    if (block[i] != 0) {
      return false;
    }
  }
  return true;
}

// Octal digits, spaces before, a space or NUL behind; or, of GNU, a number of 63 bits in bytes.
bool read_number(const unsigned char* field, size_t size, uint64_t* number) {
  *number = 0;
  size_t at = 0;
  if (field[0] == 0x80) {
    for (at = 1; at < size; ++at) {
      if (*number >> 55 != 0) {
        return false;
      }
      *number = *number << 8 | field[at];
    }
    return true;
  }
  while (at < size && field[at] == ' ') {
    ++at;
  }
  for (; at < size && field[at] >= '0' && field[at] <= '7'; ++at) {
    *number = *number << 3 | static_cast<uint64_t>(field[at] - '0');
  }
  for (; at < size; ++at) {
    if (field[at] != ' ' && field[at] != 0) {
      return false;
    }
  }
  return true;
}

bool sum_is_right(const unsigned char* block) {
  uint64_t said = 0;
  uint64_t sum = 0;
  for (size_t i = 0; i < tar_block; ++i) {
    sum += i >= sum_at && i < sum_at + sum_size ? ' ' : block[i];
  }
  return read_number(block + sum_at, sum_size, &said) && said == sum;
}

size_t length_of(const unsigned char* field, size_t size) {
  size_t length = 0;
  while (length < size && field[length] != 0) {
    ++length;
  }
  return length;
}

// prefix/name; the prefix is POSIX', where GNU has other things.
void read_name(const unsigned char* block, char* name) {
  size_t at = 0;
  const size_t prefix = length_of(block + prefix_at, prefix_size);
  if (memcmp(block + magic_at, "ustar\0", 6) == 0 && prefix > 0) {
    memcpy(name, block + prefix_at, prefix);
    at = prefix;
    name[at++] = '/';
  }
  const size_t length = length_of(block + name_at, name_size);
  memcpy(name + at, block + name_at, length);
  name[at + length] = '\0';
}

PutTrouble kind_of(unsigned char letter, TarHeader* header) {
  const size_t length = strlen(header->name);
  switch (letter) {
    case '\0':
    case '0':
    case '7':
      // Before there was a letter for directories, a slash said so.
      header->kind =
          length > 0 && header->name[length - 1] == '/' ? TarKind::directory : TarKind::file;
      return PutTrouble::none;
    case '1':
      header->kind = TarKind::hard_link;
      return PutTrouble::none;
    case '2':
      header->kind = TarKind::symlink;
      return PutTrouble::none;
    case '3':
    case '4':
    case '6':
      header->kind = TarKind::special;
      return PutTrouble::none;
    case '5':
      header->kind = TarKind::directory;
      return PutTrouble::none;
    case 'L':
      header->kind = TarKind::long_name;
      return PutTrouble::none;
    case 'K':
      header->kind = TarKind::long_link;
      return PutTrouble::none;
    case 'x':
      header->kind = TarKind::pax;
      return PutTrouble::none;
    case 'g':
      header->kind = TarKind::pax_global;
      return PutTrouble::none;
    default:
      return PutTrouble::kind;
  }
}

bool has_contents(TarKind kind) {
  return kind != TarKind::directory && kind != TarKind::symlink && kind != TarKind::hard_link &&
         kind != TarKind::special;
}

bool is_key(const char* key, size_t size, const char* wanted) {
  return size == strlen(wanted) && memcmp(key, wanted, size) == 0;
}

PutTrouble keep_path(const char* value, size_t size, char* path) {
  if (size >= longest_path) {
    return PutTrouble::too_long;
  }
  memcpy(path, value, size);
  path[size] = '\0';
  return strlen(path) == size ? PutTrouble::none : PutTrouble::name;
}

PutTrouble keep_size(const char* value, size_t size, PaxFields* fields) {
  fields->has_size = true;
  fields->size = 0;
  for (size_t i = 0; i < size; ++i) {
    if (value[i] < '0' || value[i] > '9' || fields->size >> 59 != 0) {
      return PutTrouble::number;
    }
    fields->size = fields->size * 10 + static_cast<uint64_t>(value[i] - '0');
  }
  return size > 0 ? PutTrouble::none : PutTrouble::number;
}

PutTrouble keep_field(const char* record, size_t size, PaxFields* fields) {
  size_t key = 0;
  while (key < size && record[key] != '=') {
    ++key;
  }
  if (key == size) {
    return PutTrouble::not_tar;
  }
  const char* value = record + key + 1;
  const size_t value_size = size - key - 1;
  if (is_key(record, key, "path")) {
    return keep_path(value, value_size, fields->name);
  }
  if (is_key(record, key, "linkpath")) {
    return keep_path(value, value_size, fields->link);
  }
  if (is_key(record, key, "size")) {
    return keep_size(value, value_size, fields);
  }
  constexpr char sparse[] = "GNU.sparse.";
  const bool is_sparse = key >= sizeof sparse - 1 && memcmp(record, sparse, sizeof sparse - 1) == 0;
  return is_sparse ? PutTrouble::kind : PutTrouble::none;
}

}  // namespace

PutTrouble read_tar_header(const unsigned char* block, TarHeader* header) {
  memset(header, 0, sizeof *header);
  if (is_zero(block)) {
    header->kind = TarKind::end;
    return PutTrouble::none;
  }
  if (!sum_is_right(block)) {
    return PutTrouble::not_tar;
  }
  uint64_t mode = 0;
  uint64_t mtime = 0;
  if (!read_number(block + size_at, size_size, &header->size) ||
      !read_number(block + mode_at, mode_size, &mode)) {
    return PutTrouble::number;
  }
  // A time before 1970, or none: 1970.
  header->mtime =
      read_number(block + mtime_at, mtime_size, &mtime) ? static_cast<int64_t>(mtime) : 0;
  // Why the nine only: no file comes with the set-user-ID bit.
  header->mode = static_cast<uint32_t>(mode & 0777);
  read_name(block, header->name);
  const size_t link = length_of(block + link_at, link_size);
  memcpy(header->link, block + link_at, link);
  header->link[link] = '\0';
  const PutTrouble trouble = kind_of(block[kind_at], header);
  if (trouble == PutTrouble::none && !has_contents(header->kind)) {
    header->size = 0;
  }
  return trouble;
}

PutTrouble read_pax(const char* text, size_t size, PaxFields* fields) {
  // Each record: its whole length in decimal, a space, key=value, a newline.
  while (size > 0) {
    size_t length = 0;
    size_t at = 0;
    while (at < size && text[at] >= '0' && text[at] <= '9' && length <= size) {
      length = length * 10 + static_cast<size_t>(text[at++] - '0');
    }
    if (at == 0 || at >= size || text[at] != ' ' || length > size || length < at + 3 ||
        text[length - 1] != '\n') {
      return PutTrouble::not_tar;
    }
    ++at;
    const PutTrouble trouble = keep_field(text + at, length - at - 1, fields);
    if (trouble != PutTrouble::none) {
      return trouble;
    }
    text += length;
    size -= length;
  }
  return PutTrouble::none;
}

PutTrouble clean_name(const char* name, size_t strip, char* clean, size_t room) {
  if (name[0] == '/' || name[0] == '\0') {
    return PutTrouble::name;
  }
  size_t size = 0;
  size_t depth = 0;
  while (*name != '\0') {
    size_t length = 0;
    while (name[length] != '\0' && name[length] != '/') {
      ++length;
    }
    const char* part = name;
    name += length + (name[length] == '/' ? 1 : 0);
    if (length == 0 || (length == 1 && part[0] == '.')) {
      continue;
    }
    if (length == 2 && part[0] == '.' && part[1] == '.') {
      return PutTrouble::name;
    }
    if (++depth > deepest) {
      return PutTrouble::too_deep;
    }
    if (strip > 0) {
      --strip;
      continue;
    }
    if (size + length + 2 > room) {
      return PutTrouble::too_long;
    }
    if (size > 0) {
      clean[size++] = '/';
    }
    memcpy(clean + size, part, length);
    size += length;
  }
  clean[size] = '\0';
  return PutTrouble::none;
}

bool link_stays(const char* name, const char* link) {
  size_t depth = 0;  // of the directory that the link is in
  bool named = false;
  for (; *name != '\0'; ++name) {
    depth += *name == '/' ? 1 : 0;
  }
  if (link[0] == '/' || link[0] == '\0') {
    return false;
  }
  while (*link != '\0') {
    size_t length = 0;
    while (link[length] != '\0' && link[length] != '/') {
      ++length;
    }
    const bool up = length == 2 && link[0] == '.' && link[1] == '.';
    const bool here = length == 0 || (length == 1 && link[0] == '.');
    // Why not after a name: that may be a link itself, and its parent anywhere.
    if (up && (depth == 0 || named)) {
      return false;
    }
    depth -= up ? 1 : 0;
    named = named || (!up && !here);
    link += length + (link[length] == '/' ? 1 : 0);
  }
  return true;
}

}  // namespace sb::inside
