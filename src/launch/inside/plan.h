// Plan: the spec lowered to numbers, C strings and BPF for init and the target; no owners.
// Must stay flat: what it points to is owned by launch/plan_builder and outlives clone.
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "launch/inside/protocol.h"

namespace sb::inside {

enum class MountKind : uint32_t {
  tmpfs,      // text: mount data ("size=…,mode=…")
  directory,  // mode, and the target as owner if `owned`
  file,       // text: contents, mode
  symlink,    // text: what it points to
  target,     // nothing is made: fails if `path` is not there
  attach,  // fd: a detached mount tree of the supervisor's; attributes already set, or Plan.remount
  bind_host,  // text: a path of the old root, cloned here with `attributes` (unprivileged callers)
  bind,       // text: a path of the new root, shown again at `path` with `attributes`
  bind_scratch,  // text: a path of the file system in memory, which /proc hides by then
  overlay,       // text: mount data; its upper directory must hold user.* attributes
  copy,          // fd: a file whose bytes become `path`, mode
  proc,          // text: mount data
  attributes,    // sets `attributes` on the mount at `path`
  detach,        // unmounts `path`
};

// `path` and `text` of bind are relative to the new root, without a leading slash; "" is the root.
struct MountStep {
  MountKind kind;
  uint32_t mode;
  uint64_t attributes;  // MOUNT_ATTR_*
  const char* path;
  const char* text;
  size_t text_size;
  int32_t fd;
  bool owned;
  bool recursive;
  bool optional;  // ENOENT of the source or the target is no failure
};

struct ResourceLimit {
  int32_t resource;
  uint64_t soft;
  uint64_t hard;
};

// What a sandbox is told only once it is there: a page range that the supervisor shares with init
// and the target, until execve takes it from the target. The command itself lies behind it, where
// Plan.program, argv and environment point from the start.
struct LateCommand {
  MountStep steps[2];  // that show the program: the file to mount on, and its tree
  uint32_t step_count;
};

// One source of files for the inside.
struct PutStep {
  const char* target;  // below the root, without a leading slash
  // Not null: the source is one thing of this name, to be `target`, or in it if that is a
  // directory. Null: `target` is a directory, made if need be, and what the source has goes in it.
  const char* name;
  bool into;        // `target` is a directory, made if need be, also for one thing
  bool whole_root;  // an archive of one: its links lead where they like, no device is made of it
  bool own;  // made by us of what lies on the host: what its links point to is the caller's choice
};

constexpr size_t max_join_fds = 8;
constexpr size_t max_resource_limits = 8;

struct Plan {
  // channels
  int32_t control_fd;
  int32_t control_peer_fd;  // the supervisor's end, which clone copied: init closes it first
  int32_t error_fd;
  Progress* progress;

  // init
  const char* staging;    // a directory of the old root to mount the new one on
  const char* root_data;  // mount data of the new root's tmpfs
  const MountStep* mounts;
  size_t mount_count;
  bool remount;  // no mount_setattr(2) on this kernel: attributes are set once a tree is mounted
  const char* hostname;
  size_t hostname_size;
  bool loopback;
  bool map_ids;             // become inside ids 0 (init) and inside_uid (target) by set*id
  bool plain_ids;           // no user namespace: init stays as it is, the target becomes host_uid
  bool drop_groups;         // setgroups(2) is allowed
  int32_t clone_into_fd;    // a cgroup v2 directory for the target, or -1
  const LateCommand* late;  // init waits for the command; or nullptr

  // target
  int32_t join_fds[max_join_fds];  // v1 `tasks` files: writing "0" moves the writer
  size_t join_count;
  bool
      group_follows;  // the groups are made while init mounts; a message brings their `tasks` files
  bool cgroup_namespace;
  int32_t stdio[3];
  int32_t put_fd;  // the socket by which files come, or -1
  const PutStep* puts;
  size_t put_count;
  ResourceLimit limits[max_resource_limits];
  size_t limit_count;
  const char* directory;
  uint32_t uid;
  uint32_t gid;
  const sock_filter* filter;
  uint16_t filter_size;
  const sock_filter* trace_filter;  // of a virtual clock, loaded before; or nullptr
  uint16_t trace_filter_size;
  bool listener;        // install with SECCOMP_FILTER_FLAG_NEW_LISTENER and hand it over
  bool wait_for_taker;  // the listener can be taken only while the target is dumpable
  const char* program;
  char* const* argv;
  char* const* environment;
};

}  // namespace sb::inside
