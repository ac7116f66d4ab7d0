// Resolves [files]: the root, the workspace, mounts and directories in memory.
// Must not mount or open anything; it looks at the host's sources only.
#pragma once

#include "base/error.h"
#include "policy/profile.h"
#include "policy/request.h"
#include "policy/resolve.h"
#include "policy/spec.h"

namespace sb::policy {

// Has a workspace for copy on write be a copy, in the place of an overlay.
void copy_workspace(Files& files);

// Fills spec.files and spec.command.directory. Errors: files.source, files.target,
// files.workspace.
Result<Done> resolve_files(const ProfileFiles& wanted, const Request& request,
                           const UnpackRoot& unpack_root, Spec& spec);

}  // namespace sb::policy
