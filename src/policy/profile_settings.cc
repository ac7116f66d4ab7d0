#include "policy/profile_settings.h"

#include <fmt/core.h>

namespace sb::policy {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

void add_limits(const ProfileLimits& limits, Settings& settings) {
  const auto add = [&](const char* key, const OptionalSetting<Amount>& limit, const char* unit) {
    if (limit) {
      settings.emplace_back(key, limit->value ? fmt::format("{}{}", *limit->value, unit) : "none");
    }
  };
  add("limits.wall_time", limits.wall_time_ns, "ns");
  add("limits.virtual_time", limits.virtual_time_ns, "ns");
  add("limits.cpu_time", limits.cpu_time_ns, "ns");
  add("limits.memory", limits.memory_bytes, "");
  add("limits.processes", limits.processes, "");
  add("limits.output", limits.output_bytes, "");
  add("limits.file_size", limits.file_size_bytes, "");
  add("limits.disk", limits.disk_bytes, "");
  add("limits.open_files", limits.open_files, "");
  add("limits.stack", limits.stack_bytes, "");
  if (limits.cpus_millis) {
    const Amount& millis = limits.cpus_millis->value;
    settings.emplace_back(
        "limits.cpus", millis ? fmt::format("{}.{:03}", *millis / 1000, *millis % 1000) : "none");
  }
  if (limits.cpu_set) {
    settings.emplace_back("limits.cpu_set", limits.cpu_set->value.value_or("none"));
  }
  if (limits.on_output_limit) {
    settings.emplace_back(
        "limits.on_output_limit",
        limits.on_output_limit->value == OnOutputLimit::stop ? "stop" : "truncate");
  }
}

Result<Done> add_files(const ProfileFiles& files, Settings& settings) {
  if (!files.put.empty() || !files.get.empty()) {
    return Error(Tag::profile_value, "spelling files.put and files.get as options");
  }
  if (files.root) {
    const RootChoice& root = files.root->value;
    settings.emplace_back("files.root", root.kind == RootKind::host    ? "host"
                                        : root.kind == RootKind::empty ? "empty"
                                                                       : root.path);
  }
  if (files.workspace) {
    if (files.workspace->value.mode != WorkspaceMode::scratch) {
      return Error(Tag::profile_value, "preparing a profile with a workspace of the caller's");
    }
    settings.emplace_back("files.workspace", "scratch");
  }
  for (const Setting<MountEntry>& mount : files.mounts) {
    settings.emplace_back("files.mounts",
                          fmt::format("{}:{}:{}", mount.value.source, mount.value.target,
                                      mount.value.mode == MountMode::read_only ? "ro" : "rw"));
  }
  for (const Setting<std::string>& directory : files.tmpfs) {
    settings.emplace_back("files.tmpfs", directory.value);
  }
  if (files.directory) {
    settings.emplace_back("files.directory", files.directory->value);
  }
  if (files.workspace_owner) {
    const Owner owner = files.workspace_owner->value;
    settings.emplace_back("files.workspace_owner", fmt::format("{}:{}", owner.uid, owner.gid));
  }
  return Done{};
}

void add_surroundings(const Profile& profile, Settings& settings) {
  if (profile.network_mode) {
    const NetworkMode mode = profile.network_mode->value;
    settings.emplace_back("network.mode", mode == NetworkMode::none       ? "none"
                                          : mode == NetworkMode::loopback ? "loopback"
                                                                          : "host");
  }
  const auto flag = [&](const char* key, const OptionalSetting<bool>& setting) {
    if (setting) {
      settings.emplace_back(key, setting->value ? "true" : "false");
    }
  };
  flag("environment.clear", profile.environment.clear);
  flag("environment.keep", profile.environment.keep);
  for (const auto& [name, setting] : profile.environment.set) {
    settings.emplace_back("environment.set", fmt::format("{}={}", name, setting.value));
  }
  for (const Setting<std::string>& name : profile.environment.pass) {
    settings.emplace_back("environment.pass", name.value);
  }
  if (profile.clock.mode) {
    settings.emplace_back("clock.mode",
                          profile.clock.mode->value == ClockMode::real ? "real" : "virtual");
  }
  if (profile.clock.start) {
    settings.emplace_back("clock.start", profile.clock.start->value);
  }
  if (profile.clock.virtual_stdin) {
    settings.emplace_back(
        "clock.virtual_stdin",
        profile.clock.virtual_stdin->value == VirtualStdin::closed ? "closed" : "wait");
  }
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> settings_of(const Profile& profile) {
  Settings settings;
  add_limits(profile.limits, settings);
  CHECK(add_files(profile.files, settings));
  add_surroundings(profile, settings);
  return settings;
}

Result<Profile> unpack(const PreparedProfile& prepared) {
  Profile profile;
  profile.name = prepared.name;
  profile.sha256 = prepared.sha256;
  for (const auto& [key, text] : prepared.settings) {
    CHECK(set_option(profile, key, text, {.source = profile.name}));
  }
  return profile;
}

}  // namespace sb::policy
