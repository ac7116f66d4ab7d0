// An ordinary user's way to a cgroup of their own on a systemd host: this command again, in a scope
// of the user's service manager (contract §6).
// Must not be needed by root, nor where limits need no cgroup.
#pragma once

#include <span>
#include <string>

namespace sb::cli {

// Replaces this process by `systemd-run --user --scope -p Delegate=yes sandbox ARGUMENTS`. Returns
// only where that can't be: no service manager of the user's, no systemd-run, or already in such a
// scope.
void enter_systemd_scope(std::span<const std::string> arguments);

// The variable by which a process started so knows it.
inline constexpr const char* scope_marker = "SANDBOX_IN_SCOPE";

}  // namespace sb::cli
