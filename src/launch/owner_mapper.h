// OwnerMapper: lets the target do with a mount what the owner of its source may (decisions 3).
// Must not open the mounts, and is for runs whose target has a host id of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "fs/mount_plan.h"
#include "launch/host_ids.h"
#include "policy/spec.h"
#include "sys/fd.h"

namespace sb::launch {

class OwnerMapper {
 public:
  // `ids` may be null: then nothing needs mapping. `stand_in`: whom the target is to be where a
  // file system can't map ids.
  OwnerMapper(std::optional<policy::Owner> stand_in, HostIds* ids)
      : stand_in_(stand_in), ids_(ids) {}

  // `tree` is the detached mount of `op`. Maps the ids of its owner to the target's; where the file
  // system can't, a read-only mount stays as it is, and for a writable one the target's ids become
  // the owner's. Errors: files.workspace, launch.idmap.
  Result<Done> map(sys::FdRef tree, const fs::MountOp& op);

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Result<sys::FdRef> mapping_of(policy::Owner owner);
  Result<Done> stand_in(const fs::MountOp& op, policy::Owner owner, int err);

  struct Mapping {
    policy::Owner owner;
    sys::Fd user_namespace;
  };

  std::optional<policy::Owner> stand_in_;
  HostIds* ids_;
  std::optional<policy::Owner> taken_;  // what the target's ids have become
  std::vector<Mapping> mappings_;
  std::vector<std::string> warnings_;
};

}  // namespace sb::launch
