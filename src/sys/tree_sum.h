// What tells one state of a directory tree from another without reading its files.
// Must not follow links, nor wait for anything but the disk.
#pragma once

#include <optional>
#include <string>

namespace sb::sys {

// A SHA-256 in hex of all names below `path` with what stat(2) says of each: inode, mode, owner,
// size, and the times of the last change of content and of inode. Of a file: of that alone.
// Kernel: the last one (st_ctim) is set by every change and can't be set by hand.
// nullopt: it could not all be looked at, or there is more than half a million of it.
std::optional<std::string> tree_sum(const std::string& path);

}  // namespace sb::sys
