// What is mounted where inside, in the order in which it must be: parents before what lies below.
// Must not say how (mount_plan.cc).
#pragma once

#include <string>
#include <vector>

#include "policy/spec.h"

namespace sb::fs {

// A mount of the host's at `path`, or where `host` is null, a directory of the scratch file system.
// Paths are relative to the new root, without leading slash.
struct Placement {
  std::string path;
  const policy::HostMount* host = nullptr;
};

// What lies under a path: our own root, or a mount.
enum class Ground { root, scratch, host };

class Placements {
 public:
  // `spec` must outlive this.
  explicit Placements(const policy::Spec& spec);

  const std::vector<Placement>& in_order() const { return all_; }
  bool is_at_or_above(const std::string& path) const;
  // Of the nearest mount above `path`, not at it.
  Ground ground_of(const std::string& path) const;

 private:
  std::vector<Placement> all_;
};

bool is_at_or_below(const std::string& path, const std::string& directory);

// As a Placement has it.
std::string relative(const std::string& absolute);

}  // namespace sb::fs
