#include "policy/profile_keys.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/units.h"
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
  if (text.empty()) {
    return bad_value(place, text, "a time");
  }
  profile.clock.start = {std::string(text), place.origin};
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

constexpr auto keys = std::to_array<Key>({
    {"schema", set_schema, nullptr},
    {"extends", set_extends, nullptr},
    {"description", set_description, nullptr},
    {"limits.wall_time", set_wall_time, nullptr},
    {"limits.cpu_time", set_cpu_time, nullptr},
    {"limits.memory", set_memory, nullptr},
    {"limits.processes", set_processes, nullptr},
    {"limits.output", set_output, nullptr},
    {"limits.file_size", set_file_size, nullptr},
    {"limits.disk", set_disk, nullptr},
    {"limits.open_files", set_open_files, nullptr},
    {"limits.stack", set_stack, nullptr},
    {"limits.cpus", set_cpus, nullptr},
    {"limits.cpu_set", set_cpu_set, nullptr},
    {"limits.on_output_limit", set_on_output_limit, nullptr},
    {"files.root", set_root, nullptr},
    {"files.workspace", set_workspace, set_workspace_table},
    {"files.workspace_owner", set_workspace_owner, nullptr},
    {"files.mounts", add_mount, add_mount_table, true},
    {"files.tmpfs", add_tmpfs, nullptr, true},
    {"files.put", add_put, add_put_table, true},
    {"files.get", add_get, add_get_table, true},
    {"files.directory", set_directory, nullptr},
    {"network.mode", set_network_mode, nullptr},
    {"syscalls.default", set_default_action, nullptr},
    {"syscalls.on_violation", set_on_violation, nullptr},
    {"syscalls.log", set_log, nullptr},
    {"syscalls.import", import_policy, nullptr},
    {"syscalls.allow", add_allowed, add_allowed_table, true},
    {"syscalls.deny", add_denied, add_denied_table, true},
    {"environment.clear", set_clear, nullptr},
    {"environment.keep", set_keep, nullptr},
    {"environment.set", set_variable, set_variables_table},
    {"environment.pass", pass_variable, nullptr, true},
    {"clock.mode", set_clock_mode, nullptr},
    {"clock.start", set_clock_start, nullptr},
});

constexpr auto names = [] {
  std::array<std::string_view, keys.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = keys[i].name;
  }
  return all;
}();

}  // namespace

std::span<const Key> all_keys() { return keys; }

std::span<const std::string_view> key_names() { return names; }

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
