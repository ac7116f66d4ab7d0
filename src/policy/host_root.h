// Which of the host's directories make the root inside, and where a path inside lies on the host.
// Must not mount anything.
#pragma once

#include <optional>
#include <string>

#include "policy/spec.h"

namespace sb::policy {

// root = "host": the system's directories, read-only, and what of /etc programs can't do without.
void add_host_root(Files& files);

// The host's file behind an absolute path inside, through the mounts and links of `files`;
// nullopt where nothing of the host shows there.
std::optional<std::string> host_path_of(const Files& files, const std::string& inside);

// The other way round: where a host path shows inside.
std::optional<std::string> inside_path_of(const Files& files, const std::string& host);

}  // namespace sb::policy
