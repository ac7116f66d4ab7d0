// Paths below a directory, through no link of any kind.
// Must not open anything above it.
#pragma once

namespace sb::inside {

// openat2(2) with RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS; "" is the directory itself. The
// descriptor, or -1 with errno set.
int open_beneath(int directory, const char* path, int flags);
// A directory below another one, made with those above it where it is not there; O_PATH.
int make_path(int directory, const char* path);
// Cuts `path`, which has room for one byte more, into a directory and the name in it; the name.
const char* cut(char* path);
// Gives what is at `path`, which is cut, one more name; of a link it is the link itself. False:
// errno.
bool link_beneath(int base, char* path, int directory, const char* name);

}  // namespace sb::inside
