// The steps that build the sandbox's root, in order, as plain values; computed, not done.
// Must not touch the file system: launch opens the host's sources, launch/inside does the steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/spec.h"

namespace sb::fs {

enum class OpKind {
  tmpfs,
  directory,
  file,
  symlink,
  target,   // nothing is made: `path` must be there to be mounted on
  host,     // a host path, cloned as a mount tree, shown at `path`
  overlay,  // text: mount data
  bind,     // a path of the new root shown again
  scratch,  // a path of the file system in memory, which no other may show any more
  copy,     // a host file whose bytes are copied in
  proc,
  attributes,
  detach,  // what is mounted at `path`
};

// `path` is relative to the new root, without leading slash; "" is the root itself.
struct MountOp {
  OpKind kind = OpKind::directory;
  std::string path;
  std::string text;                // as in inside::MountStep; for host and copy: the host path
  policy::SharedProgram contents;  // of copy: in the place of text
  std::uint32_t mode = 0;
  std::uint64_t attributes = 0;  // MOUNT_ATTR_* of mount_setattr(2)
  bool owned = false;            // by the target
  bool as_owner = false;         // of host: the target may in it what its owner may
  bool must_map = false;         // with as_owner: an error where the ids can't be mapped
  bool recursive = false;
  bool optional = false;  // absent on some kernels

  friend bool operator==(const MountOp&, const MountOp&) = default;
};

// Mount data of the root's own tmpfs: directories, a few small files, copies of the caller's files.
std::string root_mount_data(const policy::Spec& spec);

// In the file system in memory, with a virtual clock only: what is shown as /proc/uptime.
inline constexpr const char* uptime_file = "uptime";

std::vector<MountOp> plan_mounts(const policy::Spec& spec);

// The steps that show a program in a root that is built already, where its place is in a directory
// that is still writable.
std::vector<MountOp> place_program(const policy::HostMount& program);

// What people are told when step `index` failed: mounting "/usr" read-only.
std::string describe(const MountOp& op);

}  // namespace sb::fs
