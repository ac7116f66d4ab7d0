#include "policy/profile_keys.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/names_of.h"
#include "policy/value_parsers.h"
#include "policy/words.h"

namespace sb::policy {
namespace {

constexpr std::string_view schema_name = "sandbox.profile/v1";
// Kernel: PID_MAX_LIMIT on 64-bit machines.
constexpr std::uint64_t most_tasks = 4'194'304;
// Kernel: fs.nr_open can't be set higher than this (sysctl_nr_open_max).
constexpr std::uint64_t most_open_files = 2'147'483'584;

using Parser = std::optional<std::uint64_t> (*)(std::string_view);

std::optional<std::uint64_t> parse_positive_duration(std::string_view text) {
  const auto value = parse_duration_ns(text);
  return value && *value > 0 ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_positive_size(std::string_view text) {
  const auto value = parse_size_bytes(text);
  return value && *value > 0 ? value : std::nullopt;
}

template <std::uint64_t most>
std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto value = parse_unsigned(text);
  return value && *value > 0 && *value <= most ? value : std::nullopt;
}

constexpr char duration_form[] = "a time above 0: write 250ms, 2s, 1m30s, plain seconds, or none";
constexpr char positive_size_form[] =
    "a size above 0 (at most 2^60): write 64K, 256M, 1G, 500MB, plain bytes, or none";
constexpr char size_form[] =
    "a size (at most 2^60): write 64K, 256M, 1G, 500MB, plain bytes, or none";
constexpr char tasks_form[] = "a count from 1 to 4194304, or none";
constexpr char open_files_form[] = "a count from 1 to 2147483584, or none";
constexpr char cpus_form[] = "a number of CPUs from 0.01 to 8192 such as 0.5 or 2, or none";
constexpr char cpu_set_form[] = "a set of CPUs such as 0-1,3, or none";

template <OptionalSetting<Amount> ProfileLimits::*limit, Parser parse, const char* form>
Result<Done> set_limit(Profile& profile, std::string_view text, const Place& place) {
  Amount amount;
  if (text != "none") {
    amount = parse(text);
    if (!amount) {
      return bad_value(place, text, form);
    }
  }
  profile.limits.*limit = {amount, place.origin};
  return Done{};
}

Result<Done> set_cpu_set(Profile& profile, std::string_view text, const Place& place) {
  if (text == "none") {
    profile.limits.cpu_set = {std::nullopt, place.origin};
    return Done{};
  }
  if (!is_cpu_set(text)) {
    return bad_value(place, text, cpu_set_form);
  }
  profile.limits.cpu_set = {std::string(text), place.origin};
  return Done{};
}

Result<Done> set_on_output_limit(Profile& profile, std::string_view text, const Place& place) {
  if (text != "stop" && text != "truncate") {
    return bad_value(place, text, "stop or truncate");
  }
  const auto choice = text == "stop" ? OnOutputLimit::stop : OnOutputLimit::truncate;
  profile.limits.on_output_limit = {choice, place.origin};
  return Done{};
}

Result<Done> set_schema(Profile&, std::string_view text, const Place& place) {
  if (text != schema_name) {
    return bad_value(place, text, in_quotes(schema_name));
  }
  return Done{};
}

Result<Done> set_extends(Profile& profile, std::string_view text, const Place& place) {
  if (text.empty()) {
    return bad_value(place, text, "the name or path of a profile");
  }
  profile.extends = {std::string(text), place.origin};
  return Done{};
}

Result<Done> set_description(Profile& profile, std::string_view text, const Place& place) {
  profile.description = {std::string(text), place.origin};
  return Done{};
}

Result<Done> set_network_mode(Profile& profile, std::string_view text, const Place& place) {
  if (text == "none") {
    profile.network_mode = {NetworkMode::none, place.origin};
  } else if (text == "loopback") {
    profile.network_mode = {NetworkMode::loopback, place.origin};
  } else if (text == "host") {
    profile.network_mode = {NetworkMode::host, place.origin};
  } else {
    return bad_value(place, text, "none, loopback or host");
  }
  return Done{};
}

Result<Done> set_clock_mode(Profile& profile, std::string_view text, const Place& place) {
  if (text != "real" && text != "virtual") {
    return bad_value(place, text, "real or virtual");
  }
  profile.clock.mode = {text == "real" ? ClockMode::real : ClockMode::virtual_time, place.origin};
  return Done{};
}

Result<Done> set_clock_start(Profile& profile, std::string_view text, const Place& place) {
  if (!parse_time_ns(text)) {
    return bad_value(place, text, "a time in UTC such as 2009-11-10T23:00:00Z, from 1970 to 2199");
  }
  profile.clock.start = {std::string(text), place.origin};
  return Done{};
}

Result<Done> set_virtual_stdin(Profile& profile, std::string_view text, const Place& place) {
  if (text != "closed" && text != "wait") {
    return bad_value(place, text, "closed or wait");
  }
  const auto choice = text == "closed" ? VirtualStdin::closed : VirtualStdin::wait;
  profile.clock.virtual_stdin = {choice, place.origin};
  return Done{};
}

Result<Done> set_flag(OptionalSetting<bool>& flag, std::string_view text, const Place& place) {
  const std::optional<bool> value = parse_bool(text);
  if (!value) {
    return bad_value(place, text, "true or false");
  }
  flag = {*value, place.origin};
  return Done{};
}

Result<Done> set_clear(Profile& profile, std::string_view text, const Place& place) {
  return set_flag(profile.environment.clear, text, place);
}

Result<Done> set_keep(Profile& profile, std::string_view text, const Place& place) {
  return set_flag(profile.environment.keep, text, place);
}

Result<Done> set_log(Profile& profile, std::string_view text, const Place& place) {
  return set_flag(profile.syscalls.log, text, place);
}

constexpr auto set_wall_time =
    set_limit<&ProfileLimits::wall_time_ns, parse_positive_duration, duration_form>;
constexpr auto set_virtual_time =
    set_limit<&ProfileLimits::virtual_time_ns, parse_positive_duration, duration_form>;
constexpr auto set_cpu_time =
    set_limit<&ProfileLimits::cpu_time_ns, parse_positive_duration, duration_form>;
constexpr auto set_memory =
    set_limit<&ProfileLimits::memory_bytes, parse_positive_size, positive_size_form>;
constexpr auto set_processes =
    set_limit<&ProfileLimits::processes, parse_count<most_tasks>, tasks_form>;
constexpr auto set_output = set_limit<&ProfileLimits::output_bytes, parse_size_bytes, size_form>;
constexpr auto set_file_size =
    set_limit<&ProfileLimits::file_size_bytes, parse_size_bytes, size_form>;
// Kernel: a tmpfs of size 0 has no limit at all, so 0 must not get there.
constexpr auto set_disk =
    set_limit<&ProfileLimits::disk_bytes, parse_positive_size, positive_size_form>;
constexpr auto set_open_files =
    set_limit<&ProfileLimits::open_files, parse_count<most_open_files>, open_files_form>;
constexpr auto set_stack =
    set_limit<&ProfileLimits::stack_bytes, parse_positive_size, positive_size_form>;
constexpr auto set_cpus = set_limit<&ProfileLimits::cpus_millis, parse_cpus_millis, cpus_form>;

// The members of tables, as the setters take them.
constexpr KeyMember workspace_members[] = {
    {"mode", "scratch, ro, rw or cow"},
    {"source", "the directory; the current one if there is none"},
};
constexpr KeyMember mount_members[] = {
    {"source", "the file or directory of the host"},
    {"target", "where it shows, an absolute path"},
    {"mode", "ro or rw (ro)"},
};
constexpr KeyMember put_members[] = {
    {"source", "the file of the host"},
    {"target", "where it goes, an absolute path"},
    {"extract", "whether to unpack an archive (false)"},
};
constexpr KeyMember get_members[] = {
    {"source", "the file inside, an absolute path"},
    {"target", "where it goes on the host"},
    {"max", "the largest size to copy"},
};
constexpr KeyMember allow_members[] = {
    {"name", "a system call or a @group"},
    {"args", "tests of arguments, all of which must hold"},
    {"why", "the reason, shown in violations and by profile explain"},
};
constexpr KeyMember deny_members[] = {
    {"name", "a system call or a @group"},
    {"args", "tests of arguments, all of which must hold"},
    {"why", "the reason, shown in violations and by profile explain"},
    {"action", "kill, errno NAME or log; the default action if there is none"},
    {"log", "with errno: whether to list the call as a violation (false)"},
};
constexpr KeyMember test_members[] = {
    {"index", "which argument, from 0 to 5"},
    {"eq", "the value: a number, or names joined by |"},
    {"in", "a list of values, one of which it must be"},
    {"masked", "{ mask, value }: the bits to look at, and what they must be"},
    {"wide", "whether all 64 bits count (false: the low 32)"},
};

constexpr auto keys = std::to_array<Key>({
    {"schema", "names the format: sandbox.profile/v1", set_schema, nullptr},
    {"extends", "the profile that this one adds to: a built-in name, or a path from this file",
     set_extends, nullptr},
    {"description", "one line for people", set_description, nullptr},
    {"limits.wall_time", "time by the clock, from the program's start", set_wall_time, nullptr},
    {"limits.virtual_time", "time by a virtual clock, from the program's start", set_virtual_time,
     nullptr},
    {"limits.cpu_time", "user and system time of all processes, ended ones included", set_cpu_time,
     nullptr},
    {"limits.memory", "RAM charged to all processes, files in memory included; there is no swap",
     set_memory, nullptr},
    {"limits.processes", "processes and threads at one time", set_processes, nullptr},
    {"limits.output", "bytes of stdout and of stderr, each", set_output, nullptr},
    {"limits.file_size", "size of one file", set_file_size, nullptr},
    {"limits.disk", "the in-memory file system behind /workspace (scratch), /tmp and /dev/shm",
     set_disk, nullptr},
    {"limits.open_files", "open files of each process", set_open_files, nullptr},
    {"limits.stack", "stack of each process's main thread", set_stack, nullptr},
    {"limits.cpus", "CPU bandwidth: 1.5 is one and a half CPUs", set_cpus, nullptr},
    {"limits.cpu_set", "the CPUs to run on: 0-1,3", set_cpu_set, nullptr},
    {"limits.on_output_limit", "what the output limit does: stop or truncate", set_on_output_limit,
     nullptr},
    {"files.root", "what / is inside: host (system directories), empty, or a directory", set_root,
     nullptr},
    {"files.workspace", "/workspace: scratch, or ro, rw or cow of a directory", set_workspace,
     set_workspace_table, false, workspace_members},
    {"files.workspace_owner", "whom to write as where a file system can't map ids: UID or UID:GID",
     set_workspace_owner, nullptr},
    {"files.mounts", "what else of the host is shown; one for each target", add_mount,
     add_mount_table, true, mount_members},
    {"files.tmpfs", "further empty directories in memory", add_tmpfs, nullptr, true},
    {"files.put", "files to copy in before the start", add_put, add_put_table, true, put_members},
    {"files.get", "files to copy out after the end", add_get, add_get_table, true, get_members},
    {"files.directory", "the directory inside to start in", set_directory, nullptr},
    {"network.mode", "none, loopback or host", set_network_mode, nullptr},
    {"syscalls.default", "what happens at a call that no list has: kill, errno NAME or log",
     set_default_action, nullptr},
    {"syscalls.on_violation", "the same, over every profile's default", set_on_violation, nullptr},
    {"syscalls.log", "whether calls refused with an errno are listed as violations", set_log,
     nullptr},
    {"syscalls.import", "a file whose policy lies below these lists: OCI seccomp JSON, or TOML",
     import_policy, nullptr},
    {"syscalls.allow", "calls and @groups that may run", add_allowed, add_allowed_table, true,
     allow_members},
    {"syscalls.deny", "calls and @groups that may not, with an action each", add_denied,
     add_denied_table, true, deny_members},
    {"environment.clear", "whether to start from an empty environment (true)", set_clear, nullptr},
    {"environment.keep", "whether to pass all variables of the caller on", set_keep, nullptr},
    {"environment.set", "variables with their values", set_variable, set_variables_table},
    {"environment.pass", "variables of the caller to pass on, where they are set", pass_variable,
     nullptr, true},
    {"clock.mode", "real, or virtual", set_clock_mode, nullptr},
    {"clock.start", "what a virtual clock shows at the start", set_clock_start, nullptr},
    {"clock.virtual_stdin", "stdin with a virtual clock: closed (read whole first), or wait",
     set_virtual_stdin, nullptr},
});

constexpr auto all_key_names = names_of(keys);

}  // namespace

std::span<const Key> all_keys() { return keys; }

std::span<const KeyMember> argument_test_members() { return test_members; }

std::span<const std::string_view> key_names() { return all_key_names; }

const Key* find_key(std::string_view name) {
  const auto at =
      std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
  return at != keys.end() ? &*at : nullptr;
}

Result<Done> set_option(Profile& profile, std::string_view key, std::string_view text,
                        const Origin& origin) {
  const Place place{std::string(key), origin};
  const Key* known = find_key(key);
  if (known == nullptr) {
    return unknown_key(place, key_names());
  }
  if (text.find('\0') != std::string_view::npos) {
    return bad_value(place, text, "free of NUL bytes");
  }
  return known->from_text(profile, text, place);
}

}  // namespace sb::policy
