// Where a path inside lies on the host, and the other way round, as the mounts of a spec show it.
// Must not mount or open anything; it looks at links only.
#pragma once

#include <optional>
#include <string>

#include "policy/spec.h"

namespace sb::policy {

// True for `directory` itself, too. Both absolute.
bool is_at_or_below(const std::string& path, const std::string& directory);

// `path` with the root's own links followed: "/bin/x" to "/usr/bin/x". Without "." and "..".
std::string follow_root_links(const Files& files, const std::string& path);

// The host's file behind an absolute path inside. Links are followed as they would be inside, never
// out of it. nullopt where nothing of the host shows there; the file need not exist.
std::optional<std::string> host_path_of(const Files& files, const std::string& inside);

// Where a host path without links shows inside; nullopt where it does not.
std::optional<std::string> inside_path_of(const Files& files, const std::string& host);

// True where a mount, a link or a directory in memory is, at `path` or above it.
bool is_covered(const Files& files, const std::string& path);

}  // namespace sb::policy
