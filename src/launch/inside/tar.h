// The headers of a tar archive, read strictly: what is not plainly right is refused.
// Must not touch files, and believes no number before it is looked at.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "launch/inside/protocol.h"

namespace sb::inside {

constexpr size_t tar_block = 512;

enum class TarKind : uint32_t {
  end,  // a block of zeros
  file,
  directory,
  symlink,
  hard_link,
  special,     // a device or a pipe
  long_name,   // GNU: its contents are the name of the next entry
  long_link,   // GNU: what the next entry points to
  pax,         // its contents say of the next entry what has no room there
  pax_global,  // of all that follow; nothing in it is of interest here
};

struct TarHeader {
  TarKind kind;
  uint32_t mode;  // the nine bits of permission
  uint64_t size;  // of the contents that follow, padded to whole blocks
  int64_t mtime;  // seconds
  char name[tar_block];
  char link[tar_block];
};

PutTrouble read_tar_header(const unsigned char* block, TarHeader* header);

// What a pax header changes in the entry behind it; empty and absent are the same.
struct PaxFields {
  bool has_size;
  uint64_t size;
  char name[longest_path];
  char link[longest_path];
};

PutTrouble read_pax(const char* text, size_t size, PaxFields* fields);

// A name as it is to be used: components joined by one slash each, without "." and a slash at the
// end. `strip`: that many components less. Refused: an absolute one, "..", NUL, too deep, too long.
PutTrouble clean_name(const char* name, size_t strip, char* clean, size_t room);

// Whether what `name` (clean) would point to lies below the directory that `name` is relative to.
bool link_stays(const char* name, const char* link);

}  // namespace sb::inside
