// Spec: profile + request + host facts, resolved and complete. The only thing mechanisms read.
// Must not hold "unset" values, nor owners but of bytes in memory; equal specs give equal runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/limits.h"
#include "policy/syscall_policy.h"
#include "sys/locate.h"
#include "sys/sealed_bytes.h"

namespace sb::policy {

// Bytes that came with the request; shared, since a spec is copied and they may be many.
using SharedBytes = std::shared_ptr<const std::string>;
using SharedProgram = std::shared_ptr<const sys::SealedBytes>;

struct Command {
  std::string shown;        // as the caller wrote it, for messages
  std::string path_inside;  // absolute; what is exec'ed
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=VALUE"
  std::string directory;                 // absolute, inside
};

enum class MountMode { read_only, read_write };

// A host path shown inside.
struct HostMount {
  std::string source;  // absolute host path that does not end in a link
  std::string target;  // absolute path inside
  bool is_directory = true;
  MountMode mode = MountMode::read_only;
  bool as_owner = false;    // root's runs: the target may in it what its owner may
  bool copy = false;        // a file whose owner keeps others out: its bytes are copied in instead
  bool device = false;      // a device node: no nodev on this mount
  std::uint64_t bytes = 0;  // of a file to copy: the room it takes
  SharedProgram contents;   // in the place of a source: what to copy

  friend bool operator==(const HostMount&, const HostMount&) = default;
};

struct Symlink {
  std::string target;  // what it points to
  std::string path;    // absolute path inside

  friend bool operator==(const Symlink&, const Symlink&) = default;
};

// A user and group of the host.
struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;

  friend bool operator==(const Owner&, const Owner&) = default;
};

// What is to be copied in before the program starts.
struct FileToPut {
  std::string source;  // absolute on the host
  std::string target;  // absolute, inside
  std::string shown;   // the source as the caller wrote it
  std::string name;    // of one thing, to be `target` or in it; empty: what the source has goes in
  bool into = false;   // `target` is a directory, made if need be, also for one thing
  bool extract = false;  // the source is an archive
  bool work = false;     // it is one of our own, of the directory that a step has left

  friend bool operator==(const FileToPut&, const FileToPut&) = default;
};

// What is to be copied out once nothing runs inside any more.
struct FileToGet {
  std::string source;  // absolute, inside
  std::string target;  // absolute on the host
  std::string shown;   // the target as the caller wrote it
  std::uint64_t max_bytes = 0;

  friend bool operator==(const FileToGet&, const FileToGet&) = default;
};

enum class WorkspaceMode { scratch, read_only, read_write, copy_on_write };

struct Files {
  std::string root_source;         // a host directory shared read-only as the root; else empty
  std::vector<HostMount> mounts;   // the root's own first; of two at one target the later shows
  std::vector<Symlink> symlinks;   // /bin -> usr/bin and the like
  std::vector<std::string> tmpfs;  // further directories backed by the scratch file system
  WorkspaceMode workspace = WorkspaceMode::scratch;
  std::vector<FileToPut> put;
  std::vector<FileToGet> get;
  bool keep_work = false;  // what the program leaves in /workspace goes on to a next one
  std::string cow_source;  // of a workspace for copy on write: the host's directory; else empty.
                           // With mode scratch it is one of `put`.
  sys::Doubtful doubtful;  // where links may be a program's (policy/doubtful.h)
  std::optional<Owner> workspace_owner;  // the target's ids where a file system can't map them
};

enum class NetworkMode { none, loopback, host };

enum class IdMode {
  mapped,  // root: user namespace, init and target on host ids of their own
  caller,  // not root: user namespace, everything is the caller's own id on the host
  plain,   // root without user namespaces: init stays root, the target gets a host id of its own
};

// whole: the caller's, read to its end before the start.
enum class InputKind { caller, null, file, bytes, whole };
enum class OutputKind { capture, pass, file };

struct Stdio {
  InputKind input = InputKind::caller;
  std::string input_path;
  SharedBytes input_bytes;  // of kind bytes
  OutputKind output = OutputKind::capture;
  std::string output_path;
  OutputKind error = OutputKind::capture;
  std::string error_path;
  bool error_to_output = false;  // --stderr stdout: one pipe for both
};

enum class ClockMode { real, virtual_time };

// What a virtual clock makes of stdin: read whole before the start, or waited for as it comes.
enum class VirtualStdin { closed, wait };

struct ClockSpec {
  ClockMode mode = ClockMode::real;
  std::uint64_t start_ns = 0;  // of a virtual one: what it shows at the start, since 1970
  VirtualStdin input = VirtualStdin::closed;

  bool is_virtual() const { return mode == ClockMode::virtual_time; }
  friend bool operator==(const ClockSpec&, const ClockSpec&) = default;
};

// Limits of each process, in the place of a cgroup's (enforcement.h).
struct ProcessLimits {
  std::optional<std::uint64_t> processes;    // RLIMIT_NPROC
  std::optional<std::uint64_t> cpu_seconds;  // RLIMIT_CPU
  std::optional<std::uint64_t> data_bytes;   // RLIMIT_DATA

  friend bool operator==(const ProcessLimits&, const ProcessLimits&) = default;
};

struct Spec {
  std::string step;  // which of several programs this is; empty: the only one
  std::string profile_name;
  std::string profile_sha256;
  Command command;
  Limits limits;         // as asked for, and as the result shows them
  Limits cgroup_limits;  // those of them that a cgroup enforces
  ProcessLimits rlimits;
  Files files;
  ClockSpec clock;
  NetworkMode network = NetworkMode::loopback;
  SyscallPolicy syscalls;
  std::string filter_cache;            // a directory (cache_place.h); empty: none
  bool set_id_bits_forbidden = false;  // on top of the profile's rules (set_id_bits.h)
  bool syscalls_as_written = true;     // no option changed what the profile's text says of them
  bool syscalls_unread = false;        // `syscalls` is empty: a prepared profile (resolve.h)
  Stdio stdio;
  IdMode ids = IdMode::mapped;
  std::uint32_t inside_uid = 1000;
  std::uint32_t inside_gid = 1000;
  std::string hostname = "sandbox";
  std::uint64_t grace_ns = 2'000'000'000;
  bool best_effort = false;
  bool name_violations = true;  // false: no listener; the kernel kills, and nobody learns the call
  std::vector<std::string> warnings;
};

}  // namespace sb::policy
