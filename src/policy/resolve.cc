#include "policy/resolve.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "policy/cache_place.h"
#include "policy/doubtful.h"
#include "policy/enforcement.h"
#include "policy/find_program.h"
#include "policy/profile_settings.h"
#include "policy/resolve_files.h"
#include "policy/resolve_syscalls.h"
#include "policy/set_id_bits.h"
#include "policy/value_parsers.h"
#include "policy/writable_mounts.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

template <class T>
T value_or(const OptionalSetting<T>& setting, T fallback) {
  return setting ? setting->value : fallback;
}

Limits resolve_limits(const ProfileLimits& limits) {
  const auto amount = [](const OptionalSetting<Amount>& setting) {
    return setting ? setting->value : std::nullopt;
  };
  return {.wall_time_ns = amount(limits.wall_time_ns),
          .virtual_time_ns = amount(limits.virtual_time_ns),
          .cpu_time_ns = amount(limits.cpu_time_ns),
          .memory_bytes = amount(limits.memory_bytes),
          .processes = amount(limits.processes),
          .output_bytes = amount(limits.output_bytes),
          .file_size_bytes = amount(limits.file_size_bytes),
          .disk_bytes = amount(limits.disk_bytes),
          .open_files = amount(limits.open_files),
          .stack_bytes = amount(limits.stack_bytes),
          .cpus_millis = amount(limits.cpus_millis),
          .cpu_set = limits.cpu_set ? limits.cpu_set->value : std::nullopt,
          .on_output_limit = value_or(limits.on_output_limit, OnOutputLimit::stop)};
}

std::string name_of(const std::string& assignment) {
  return assignment.substr(0, assignment.find('='));
}

std::vector<std::string> resolve_environment(const ProfileEnvironment& wanted,
                                             const std::vector<std::string>& callers) {
  std::map<std::string, std::string> result;
  const bool keep = value_or(wanted.keep, false) || !value_or(wanted.clear, true);
  for (const std::string& assignment : callers) {
    const std::string name = name_of(assignment);
    const bool passed =
        std::any_of(wanted.pass.begin(), wanted.pass.end(),
                    [&](const Setting<std::string>& entry) { return entry.value == name; });
    if ((keep || passed) && name.size() < assignment.size()) {
      result[name] = assignment;
    }
  }
  for (const auto& [name, setting] : wanted.set) {
    result[name] = fmt::format("{}={}", name, setting.value);
  }
  std::vector<std::string> environment;
  environment.reserve(result.size());
  for (auto& [name, assignment] : result) {
    environment.push_back(std::move(assignment));
  }
  return environment;
}

std::string path_of(const std::vector<std::string>& environment) {
  for (const std::string& assignment : environment) {
    if (assignment.starts_with("PATH=")) {
      return assignment.substr(5);
    }
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

Result<ClockSpec> resolve_clock(const ProfileClock& clock) {
  // Why that one: the Go Playground's, which people know by sight.
  constexpr std::string_view usual_start = "2009-11-10T23:00:00Z";
  ClockSpec spec;
  spec.mode = value_or(clock.mode, ClockMode::real);
  spec.input = value_or(clock.virtual_stdin, VirtualStdin::closed);
  const std::string start = value_or(clock.start, std::string(usual_start));
  spec.start_ns = parse_time_ns(start).value_or(0);
#if !defined(__x86_64__)
  if (spec.is_virtual()) {
    return Error(Tag::host_unsupported,
                 fmt::format("{}: a virtual clock is not provided on this architecture",
                             clock.mode->origin.to_string()));
  }
#endif
  return spec;
}

Result<IdMode> choose_ids(const Request& request, const HostFacts& facts) {
  if (!facts.is_root) {
    if (request.userns == UsernsChoice::never) {
      return Error(Tag::host_namespaces, "running without user namespaces as an ordinary user");
    }
    return IdMode::caller;
  }
  // Kernel: 0 forbids user namespaces to everybody, root too (namespaces(7)).
  const bool forbidden = sys::read_file("/proc/sys/user/max_user_namespaces", 16).data == "0\n";
  const bool plain = request.userns == UsernsChoice::never ||
                     (request.userns == UsernsChoice::automatic && forbidden);
  return plain ? IdMode::plain : IdMode::mapped;
}

bool changes_syscalls(const Request& request) {
  const ProfileSyscalls& own = request.keys.syscalls;
  return own.default_action || own.on_violation || own.log || !own.layers.empty() ||
         std::any_of(request.overrides.begin(), request.overrides.end(),
                     [](const Override& given) { return given.key.starts_with("syscalls."); });
}

// With all that the request says on top. `unread`: its system calls are left out.
Result<Profile> profile_of(const Request& request, bool unread) {
  Profile profile = TRY(unread ? unpack(*request.prepared) : load_profile(request.profile));
  merge_profile(profile, Profile(request.keys));
  for (const Override& given : request.overrides) {
    CHECK(set_option(profile, given.key, given.text, {.source = given.option}));
  }
  return profile;
}

}  // namespace

Result<SyscallPolicy> syscalls_of(const Spec& spec) {
  SyscallPolicy policy = spec.syscalls;
  if (spec.syscalls_unread) {
    const Profile profile = TRY(load_profile(spec.profile_name));
    policy = TRY(resolve_syscalls(profile));
  }
  if (spec.set_id_bits_forbidden) {
    forbid_set_id_bits(policy);
  }
  return policy;
}

sys::Doubtful doubtful_of(const Request& request) {
  const bool unread = request.prepared != nullptr && !changes_syscalls(request);
  const Result<Profile> profile = profile_of(request, unread);
  return profile ? doubtful_directories(profile->files, request) : sys::Doubtful();
}

Result<Spec> resolve(const Request& request, const HostFacts& facts,
                     const UnpackRoot& unpack_root) {
  Spec spec;
  spec.syscalls_as_written = !changes_syscalls(request);
  spec.syscalls_unread = request.prepared != nullptr && spec.syscalls_as_written;
  const Profile profile = TRY(profile_of(request, spec.syscalls_unread));
  spec.profile_name = profile.name;
  spec.profile_sha256 = profile.sha256;
  spec.filter_cache = filter_cache_place(request.caller_environment, facts.uid);
  spec.ids = TRY(choose_ids(request, facts));
  spec.limits = resolve_limits(profile.limits);
  spec.clock = TRY(resolve_clock(profile.clock));
  spec.network = value_or(profile.network_mode, NetworkMode::loopback);
  if (!spec.syscalls_unread) {
    spec.syscalls = TRY(resolve_syscalls(profile));
  }
  spec.stdio = request.stdio;
  if (spec.clock.is_virtual() && spec.clock.input == VirtualStdin::closed &&
      spec.stdio.input == InputKind::caller) {
    spec.stdio.input = InputKind::whole;
  }
  spec.grace_ns = request.grace_ns;
  spec.best_effort = request.best_effort;
  spec.command.shown = request.command.front();
  spec.command.argv = request.command;
  spec.command.environment = resolve_environment(profile.environment, request.caller_environment);
  CHECK(resolve_enforcement(facts, spec));
  CHECK(resolve_files(profile.files, request, unpack_root, spec));
  guard_writable_mounts(facts, spec);
  CHECK(find_program(request, path_of(spec.command.environment), spec));
  return spec;
}

}  // namespace sb::policy
