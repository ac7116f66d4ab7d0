// The words that init and the target exchange with the supervisor, and the order of their steps.
// Must not allocate, call, or know C++ library types: both sides of clone read this.
//
//   error pipe   init/target ─▶ supervisor   one StageReport, only if a stage failed; init closes
//                                            it once there is a target, and that at exec
//                                            (O_CLOEXEC) or by dying
//   progress     init/target ─▶ supervisor   one MAP_SHARED page: the last stage entered, and when
//   control      supervisor ◀▶ init          AF_UNIX SOCK_SEQPACKET, one ControlMsg a packet
//
//   supervisor                    init                         target
//       │ ── go ─────────────────▶ │ builds the root             ·
//       │                          │ ── clone ─────────────────▶ │ joins, confines itself
//       │ ◀─ started (pidfd) ───── │                             │
//       │ ◀─ listener soon ─────────────────(error pipe)──────── │ loads the filter, then waits
//       │ ◀─ waiting call, role: target ─(listener)───────────── │ (a notification, unanswered)
//       │ ── go on ─────────────────────────────────────────────▶ │ ── clone ──▶ guard
//       │ ◀─ waiting calls, roles: guard and target ──────────── │
//       │ ── go on ─────────────────────────────────────────────▶ │ execve: the error pipe closes
//       │ ── signal{n}, kill ────▶ │ ── kill(2) ───────────────▶ │
//       │ ── freeze, thaw ───────▶ │ ── kill(2) ───────────────▶ │
//       │ ◀─ frozen, thawed ────── │                             │
//       │ ◀─ exited{status} ────── │ ◀─ waitid ───────────────── ╳
//       │ ◀─ settled{usage} ────── │ every descendant is reaped
//     or│ ◀─ ended{both} ───────── │ where that was so at once
//       │ ── bye ────────────────▶ ╳
//
// Where the program is not known yet (Plan.late), init stays before its confinement, and the target
// in its last waiting call, until the supervisor has written the command and sends
//
//       │ ── attach (tree) ──────▶ │ mounts it
//       │ ◀─ attached ──────────── │ confines itself
// or     │ ── go ─────────────────▶ │ confines itself
//
// The end of the error pipe is not success: a target killed during its setup closes it as well.
// It runs if the pipe has ended without a report, progress->target_stage is Stage::exec and
// progress->exec_errno is 0.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace sb::inside {

constexpr size_t longest_path = 4096;  // Kernel: PATH_MAX, with the 0 at its end

// Why: the order is a security decision; target.cc and init.cc say at each step what it guards.
enum class Stage : uint32_t {
  none,
  // init
  await_go,
  scheduling,
  ids_of_init,
  pdeathsig,
  private_mounts,
  mount,
  pivot_root,
  loopback,
  hostname,
  await_group,
  spawn_target,
  await_program,
  drop_self,
  confine_self,
  // target
  join_groups,
  cgroup_namespace,
  session,
  keyring,
  stdio,
  put,
  rlimit,
  umask,
  chdir,
  close_fds,
  groups,
  ids,
  caps,
  signals,
  no_new_privs,
  seccomp,
  hand_listener,
  exec,
};
constexpr uint32_t stage_count = static_cast<uint32_t>(Stage::exec) + 1;

// How our code waits once it is under the target's filter, where it can choose no call: by
// kill(-1, SIGKILL, waiting_cookie, role), which the filter always notifies.
constexpr uint32_t waiting_cookie = 0x53424744;  // "SBGD"
enum class WaitingRole : uint32_t { target = 0, guard = 1 };

constexpr uint32_t report_magic = 0x53425250;  // "SBRP"

// err is 0 in one report only, that of hand_listener: "I am about to load the filter".
struct StageReport {
  uint32_t magic;
  uint16_t stage;
  uint16_t index;  // of the mount, rlimit or group that failed
  int32_t err;
};
static_assert(sizeof(StageReport) == 12);

// Plain stores by inside, plain loads by the supervisor; no locks.
struct Progress {
  volatile uint32_t init_stage;    // the last one entered
  volatile uint32_t target_stage;  // of the target, which runs beside init: a word of its own
  volatile int32_t exec_errno;     // execve failed so; stored, since the filter may forbid write(2)
  volatile int32_t listener;       // the target's number of its seccomp listener; -1 before
  volatile int32_t guard_pid;      // the guard's number inside; 0: there is none
  volatile uint64_t entered_ns[stage_count];  // CLOCK_MONOTONIC; not of exec: see target.cc
};

// Why something could not be put inside.
enum class PutTrouble : uint32_t {
  none,
  system,   // err says what
  not_tar,  // no header of a tar archive where one must be
  cut_off,
  number,  // one that is none, or too large
  name,    // absolute, "..", empty, with a NUL
  link,    // leads out of the directory
  hard_link,
  special,  // a device or a pipe
  kind,     // of another kind, such as sparse
  too_many,
  too_deep,
  too_long,
};
constexpr uint32_t put_trouble_count = static_cast<uint32_t>(PutTrouble::too_long) + 1;

// What the helper that puts files inside says of the entry at which it gave up: one write into the
// socket by which it is fed. Of each source the supervisor sends pieces, each a uint32_t of its
// size and that many bytes of a tar archive; one of size 0 ends the source.
struct PutAnswer {
  uint32_t magic;  // report_magic
  uint32_t source;
  PutTrouble trouble;
  int32_t err;
  char name[240];  // as the archive has it, cut; ends in NUL
};
static_assert(sizeof(PutAnswer) == 256);

enum class ControlKind : uint32_t {
  go = 1,   // ─▶ the ids are mapped
  signal,   // ─▶ arg: signal number, for the target's process group
  kill,     // ─▶ SIGKILL to everything inside but init
  bye,      // ─▶ init may end
  started,  // ◀─ the target was cloned; carries its pidfd, the root, the scratch file
            //     system; values: what of that is used, bytes and inodes
  failed,   // ◀─ in the place of a report, once the target has the error pipe for itself: arg:
            //     errno; values: the stage and the index
  exited,   // ◀─ arg: wait status of the main process; values[0]: when, CLOCK_MONOTONIC ns
  settled,  // ◀─ all but the guard are reaped; arg: 1 if the guard is still there; values: user
            //     ns, system ns, max RSS KiB, init's RSS KiB at the clone
  ended,    // ◀─ exited and settled in one, where the guard alone is left: arg and values[0] of
            //     exited, then the values of settled
  freeze,   // ─▶ SIGSTOP to everything inside but init
  thaw,     // ─▶ SIGCONT to the same
  frozen,   // ◀─ values[0]: when all had been stopped, CLOCK_MONOTONIC ns
  thawed,   // ◀─ values[0]: just before they were continued
  group,    // ─▶ carries the v1 `tasks` files by which the target joins its groups
  attach,  // ─▶ to an init that awaits the program: carries its mount tree, for LateCommand.steps
  attached,  // ◀─ it is in its place
};

constexpr size_t started_fds = 3;

struct ControlMsg {
  ControlKind kind;
  uint32_t arg;
  uint64_t values[5];
};
static_assert(sizeof(ControlMsg) == 48);

}  // namespace sb::inside
