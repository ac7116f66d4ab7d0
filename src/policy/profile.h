// Profile: what a profile says, partial as it is written; every value keeps where it was written.
// Must not hold defaults (profiles/*.toml does) or facts of the host.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/limits.h"
#include "policy/spec.h"
#include "policy/syscall_policy.h"

namespace sb::policy {

// Where a value was written: a place in a file, or an option (then line is 0).
struct Origin {
  std::string source;  // "default.toml", "--memory"
  unsigned line = 0;   // from 1
  unsigned column = 0;
  bool of_request = false;  // of a JSON request: errors are tagged request.*, not profile.*

  std::string to_string() const;  // "default.toml:12:3" or "--memory"
};

template <class T>
struct Setting {
  T value;
  Origin origin;
};

template <class T>
using OptionalSetting = std::optional<Setting<T>>;

// A limit as written; nullopt inside is "none": switched off.
using Amount = std::optional<std::uint64_t>;

struct ProfileLimits {
  OptionalSetting<Amount> wall_time_ns;
  OptionalSetting<Amount> virtual_time_ns;
  OptionalSetting<Amount> cpu_time_ns;
  OptionalSetting<Amount> memory_bytes;
  OptionalSetting<Amount> processes;
  OptionalSetting<Amount> output_bytes;
  OptionalSetting<Amount> file_size_bytes;
  OptionalSetting<Amount> disk_bytes;
  OptionalSetting<Amount> open_files;
  OptionalSetting<Amount> stack_bytes;
  OptionalSetting<Amount> cpus_millis;
  OptionalSetting<std::optional<std::string>> cpu_set;  // "0-1,3"
  OptionalSetting<OnOutputLimit> on_output_limit;
};

enum class RootKind { host, empty, path };

struct RootChoice {
  RootKind kind = RootKind::host;
  std::string path;  // of kind path
};

struct WorkspaceChoice {
  WorkspaceMode mode = WorkspaceMode::scratch;
  std::string source;  // empty: the caller's current directory (never with scratch)
};

struct MountEntry {
  std::string source;
  std::string target;  // absolute
  MountMode mode = MountMode::read_only;
};

struct PutEntry {
  std::string source;
  std::string target;  // absolute
  bool extract = false;
};

struct GetEntry {
  std::string source;  // absolute, inside
  std::string target;
  std::optional<std::uint64_t> max_bytes;
};

struct ProfileFiles {
  OptionalSetting<RootChoice> root;
  OptionalSetting<WorkspaceChoice> workspace;
  std::vector<Setting<MountEntry>> mounts;  // one for each target: the later profile's
  std::vector<Setting<std::string>> tmpfs;
  std::vector<Setting<PutEntry>> put;
  std::vector<Setting<GetEntry>> get;
  OptionalSetting<std::string> directory;  // absolute, inside
  OptionalSetting<Owner> workspace_owner;
};

struct MaskedValue {
  std::uint64_t mask = 0xffffffff;
  std::uint64_t value = 0;
};

// A test of one argument. It holds if (argument & mask) == value for one of the pairs.
struct ArgCondition {
  unsigned index = 0;
  std::vector<MaskedValue> any_of;
};

// One entry of syscalls.allow or syscalls.deny.
struct SyscallEntry {
  std::string name;  // a call or a "@group"
  std::vector<ArgCondition> args;
  std::optional<SyscallAction> action;  // of deny; unset: the profile's default action
  std::string why;
  Origin origin;
};

// The lists of one file (or one import). A call that a later layer mentions is decided by that
// layer alone; inside a layer a call's own name wins over a group.
struct SyscallLayer {
  std::string source;       // as in Origin
  std::string import_text;  // of an import: what was read, part of the profile's sha256
  bool is_whole = false;    // of an OCI object: a whole policy, so the layers below do not count
  std::vector<SyscallEntry> allow;
  std::vector<SyscallEntry> deny;
};

struct ProfileSyscalls {
  OptionalSetting<SyscallAction> default_action;  // to allow: only by an imported OCI object
  OptionalSetting<SyscallAction> on_violation;    // wins over default_action
  OptionalSetting<bool> log;                      // list calls refused with an errno as violations
  std::vector<SyscallLayer> layers;               // the extended profile's first
};

struct ProfileEnvironment {
  OptionalSetting<bool> clear;
  OptionalSetting<bool> keep;
  std::map<std::string, Setting<std::string>> set;
  std::vector<Setting<std::string>> pass;
};

struct ProfileClock {
  OptionalSetting<ClockMode> mode;
  OptionalSetting<std::string> start;
  OptionalSetting<VirtualStdin> virtual_stdin;
};

struct Profile {
  std::string name;    // "go", or the path as given
  std::string sha256;  // of the text of all files merged, the extended ones first
  OptionalSetting<std::string> extends;
  OptionalSetting<std::string> description;
  ProfileLimits limits;
  ProfileFiles files;
  OptionalSetting<NetworkMode> network_mode;
  ProfileSyscalls syscalls;
  ProfileEnvironment environment;
  ProfileClock clock;
};

// A built-in name, or a path (it has a slash or ends in .toml); `extends` is resolved and merged.
// Errors: profile_not_found, profile_unreadable, profile_cycle and those of parse_profile.
Result<Profile> load_profile(std::string_view name_or_path);

// One profile's text by itself, `extends` not followed. `source` is named in positions.
// Errors: profile_syntax, profile_unknown_key, profile_value, profile_unknown_syscall.
Result<Profile> parse_profile(std::string_view text, const std::string& source);

// `over` wins over `base`: scalars replace, lists append (a mount replaces one of the same target),
// environment.set merges by name, syscall layers go on top.
void merge_profile(Profile& base, Profile&& over);

// One key in its option's spelling: ("limits.memory", "64M"), ("files.mounts", "SRC:DST:MODE").
// Lists append, the rest replaces. Errors: usage, naming origin.source.
Result<Done> set_option(Profile& profile, std::string_view key, std::string_view text,
                        const Origin& origin);

std::vector<std::string> builtin_profile_names();
// The text of a built-in profile as it was written, or nullopt.
std::optional<std::string_view> builtin_profile_text(std::string_view name);

}  // namespace sb::policy
