// What init and the target share: entering stages, reporting failure, ending.
// Must not allocate, throw, lock, or use stdio: this runs between clone and execve.
#pragma once

#include "launch/inside/plan.h"

namespace sb::inside {

// Exit status of init and of a target that could not be started; never seen as a verdict.
constexpr int inside_failed = 125;

[[noreturn]] void inside_exit(int code);

// Notes the stage, and when it was entered, in the progress page.
void enter(const Plan& plan, Stage stage);

// Reports the current errno of `stage` and ends this process.
[[noreturn]] void fail(const Plan& plan, Stage stage, size_t index = 0);

bool write_report(const Plan& plan, Stage stage, size_t index, int err);

uint64_t now_ns();

// False: errno says why not all of it.
bool write_all(int fd, const char* data, size_t size);

// On every CPU that the cgroup of this process may use.
bool use_every_cpu();

// Raw set*id, capset and friends.
// Why: glibc's set*id take locks and signal other threads; libcap allocates.
bool set_ids(uint32_t uid, uint32_t gid);
bool clear_groups();
// Leaves only `keep` (a capability number, or -1) in the permitted and effective sets, and nothing
// in the inheritable, ambient and, where it may be changed, bounding sets.
bool reduce_capabilities(int keep);

int openat2_in_root(int root, const char* path, int flags);

// mounts.cc: does all steps below the new root; returns the failed index in *index. `mountinfo` is
// open where plan.remount asks for it.
bool do_mounts(const Plan& plan, int root, int mountinfo, size_t* index);
// The file system of Plan::mounts' tmpfs step, which other mounts then hide; -1 before.
extern int scratch_fd;

// remount.cc: sets MOUNT_ATTR_* on the mount that `mount_fd` is of, and if recursive on all below,
// and makes them private; all or false with errno set. `mountinfo`: of this process, opened while
// its root was what it is now.
bool restrict_by_remount(int mountinfo, int mount_fd, uint64_t attributes, bool recursive);

// Of the scratch file system: what its own directories take of it.
struct DiskUse {
  uint64_t bytes;
  uint64_t inodes;
};

// messages.cc: init to the supervisor; each ends init where the supervisor is gone.
// With it go the new root and the scratch file system, to be looked at from outside.
void send_started(const Plan& plan, int pidfd, int root, int scratch, const DiskUse& use);

// Reports the current errno of `stage` and ends init, which has closed the error pipe.
[[noreturn]] void fail_late(const Plan& plan, Stage stage, size_t index = 0);
void report_exit(const Plan& plan, int status, uint64_t when_ns);
void report_time(const Plan& plan, ControlKind kind, uint64_t when_ns);  // frozen, thawed
void report_settled(const Plan& plan, bool guarded, uint64_t own_rss_kib);
// Both at once, where the guard alone is left.
void report_ended(const Plan& plan, int status, uint64_t when_ns, uint64_t own_rss_kib);

// init.cc: the body of PID 1; never returns.
[[noreturn]] void run_init(const Plan& plan);

// Blocks until the supervisor answers (protocol.h). As "go on", it would kill: only for the guard.
long waiting_call(WaitingRole role);

// The target's cgroups where they were made after the clone: received by init, joined by the
// target.
struct LateGroups {
  int fds[max_join_fds];
  size_t count;
};
extern LateGroups late_groups;
// False: the supervisor gave up.
bool receive_groups(const Plan& plan);

// Waits for one message of the supervisor's with at most `room` descriptors; returns how many came,
// or -1 where the supervisor is gone or says what can't be.
int receive_message(const Plan& plan, ControlMsg* message, int* fds, size_t room);

// guard.cc: clones the guard; false with errno set. It shares this process's memory until exec.
bool start_guard(const Plan& plan);

// unpack.cc: puts in what the supervisor sends, by a process of its own that has the target's ids
// and group, no capability and a filter of its own. False with errno set: the supervisor was told
// why, or that process was killed.
bool put_files(const Plan& plan);

// In a process of its own, outside of any sandbox: the archive of a root, by the socket `feed`, to
// `directory`, which nobody else writes; never returns.
[[noreturn]] void unpack_root(int feed, int directory);

// target.cc: the body of the first process of the target; never returns.
[[noreturn]] void run_target(const Plan& plan);

}  // namespace sb::inside
