// The filters of profiles that are not built in, kept in a directory that only this user can write.
// Must not fail a run: what can't be read is compiled again, what can't be kept is not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "policy/syscall_policy.h"
#include "seccomp/compile.h"
#include "seccomp/program.h"
#include "sys/kept_files.h"

namespace sb::filters {

// Names what seccomp::compile makes of these, in this build: a SHA-256 of all that goes into it.
std::string cache_key(const policy::SyscallPolicy& policy, seccomp::KillMode mode,
                      std::uint32_t waiting_cookie);

class FilterCache {
 public:
  // Limit: the directory holds at most this many of our files; the oldest make room.
  static constexpr std::size_t most_files = 64;

  explicit FilterCache(std::string directory);

  // Only what this user alone could have written, whole, and a program that the kernel would take.
  std::optional<seccomp::BpfProgram> find(const std::string& key) const;
  // Makes the directory if need be; replaces what has that name.
  void keep(const std::string& key, const seccomp::BpfProgram& program) const;

 private:
  sys::KeptFiles files_;
};

}  // namespace sb::filters
