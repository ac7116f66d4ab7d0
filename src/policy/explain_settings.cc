#include <algorithm>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/explain.h"

namespace sb::policy {
namespace {

using Settings = std::vector<ExplainedSetting>;

// As one might write it: without the spaces that set a number off from its unit.
std::string compact(std::string text) {
  if (text.ends_with(" bytes")) {
    text.resize(text.size() - 6);
  }
  std::erase(text, ' ');
  return text;
}

void add_limits(const ProfileLimits& limits, Settings& settings) {
  const auto add = [&](const char* key, const OptionalSetting<Amount>& limit, auto spell) {
    if (limit) {
      settings.push_back(
          {key, limit->value ? compact(spell(*limit->value)) : "none", limit->origin});
    }
  };
  const auto count = [](std::uint64_t number) { return fmt::format("{}", number); };
  const auto cpus = [](std::uint64_t millis) {
    return fmt::format("{}.{:03}", millis / 1000, millis % 1000);
  };
  add("limits.wall_time", limits.wall_time_ns, format_duration);
  add("limits.virtual_time", limits.virtual_time_ns, format_duration);
  add("limits.cpu_time", limits.cpu_time_ns, format_duration);
  add("limits.memory", limits.memory_bytes, format_size);
  add("limits.processes", limits.processes, count);
  add("limits.output", limits.output_bytes, format_size);
  add("limits.file_size", limits.file_size_bytes, format_size);
  add("limits.disk", limits.disk_bytes, format_size);
  add("limits.open_files", limits.open_files, count);
  add("limits.stack", limits.stack_bytes, format_size);
  add("limits.cpus", limits.cpus_millis, cpus);
  if (limits.cpu_set) {
    settings.push_back(
        {"limits.cpu_set", limits.cpu_set->value.value_or("none"), limits.cpu_set->origin});
  }
  if (limits.on_output_limit) {
    const bool stops = limits.on_output_limit->value == OnOutputLimit::stop;
    settings.push_back(
        {"limits.on_output_limit", stops ? "stop" : "truncate", limits.on_output_limit->origin});
  }
}

std::string spell(const RootChoice& root) {
  return root.kind == RootKind::host ? "host" : root.kind == RootKind::empty ? "empty" : root.path;
}

std::string spell(const WorkspaceChoice& workspace) {
  const char* mode = "scratch";
  switch (workspace.mode) {
    case WorkspaceMode::scratch:
      break;
    case WorkspaceMode::read_only:
      mode = "ro";
      break;
    case WorkspaceMode::read_write:
      mode = "rw";
      break;
    case WorkspaceMode::copy_on_write:
      mode = "cow";
      break;
  }
  return workspace.source.empty() ? mode : fmt::format("{}:{}", mode, workspace.source);
}

void add_files(const ProfileFiles& files, Settings& settings) {
  if (files.root) {
    settings.push_back({"files.root", spell(files.root->value), files.root->origin});
  }
  if (files.workspace) {
    settings.push_back({"files.workspace", spell(files.workspace->value), files.workspace->origin});
  }
  if (files.workspace_owner) {
    const Owner owner = files.workspace_owner->value;
    settings.push_back({"files.workspace_owner", fmt::format("{}:{}", owner.uid, owner.gid),
                        files.workspace_owner->origin});
  }
  for (const auto& [mount, origin] : files.mounts) {
    const char* mode = mount.mode == MountMode::read_only ? "ro" : "rw";
    settings.push_back(
        {"files.mounts", fmt::format("{}:{}:{}", mount.source, mount.target, mode), origin});
  }
  for (const auto& [directory, origin] : files.tmpfs) {
    settings.push_back({"files.tmpfs", directory, origin});
  }
  for (const auto& [put, origin] : files.put) {
    settings.push_back(
        {"files.put",
         fmt::format("{}:{}{}", put.source, put.target, put.extract ? " (unpacked)" : ""), origin});
  }
  for (const auto& [get, origin] : files.get) {
    const std::string most =
        get.max_bytes ? fmt::format(" (at most {})", format_size(*get.max_bytes)) : "";
    settings.push_back({"files.get", fmt::format("{}:{}{}", get.source, get.target, most), origin});
  }
  if (files.directory) {
    settings.push_back({"files.directory", files.directory->value, files.directory->origin});
  }
}

void add_surroundings(const Profile& profile, Settings& settings) {
  if (profile.network_mode) {
    const NetworkMode mode = profile.network_mode->value;
    settings.push_back({"network.mode",
                        mode == NetworkMode::none       ? "none"
                        : mode == NetworkMode::loopback ? "loopback"
                                                        : "host",
                        profile.network_mode->origin});
  }
  const auto flag = [&](const char* key, const OptionalSetting<bool>& setting) {
    if (setting) {
      settings.push_back({key, setting->value ? "true" : "false", setting->origin});
    }
  };
  flag("environment.clear", profile.environment.clear);
  flag("environment.keep", profile.environment.keep);
  for (const auto& [name, setting] : profile.environment.set) {
    settings.push_back({fmt::format("environment.set.{}", name), setting.value, setting.origin});
  }
  for (const auto& [name, origin] : profile.environment.pass) {
    settings.push_back({"environment.pass", name, origin});
  }
  if (profile.clock.mode) {
    settings.push_back({"clock.mode",
                        profile.clock.mode->value == ClockMode::real ? "real" : "virtual",
                        profile.clock.mode->origin});
  }
  if (profile.clock.start) {
    settings.push_back({"clock.start", profile.clock.start->value, profile.clock.start->origin});
  }
  if (profile.clock.virtual_stdin) {
    settings.push_back(
        {"clock.virtual_stdin",
         profile.clock.virtual_stdin->value == VirtualStdin::closed ? "closed" : "wait",
         profile.clock.virtual_stdin->origin});
  }
  flag("syscalls.log", profile.syscalls.log);
}

}  // namespace

std::vector<ExplainedSetting> explain_settings(const Profile& profile) {
  Settings settings;
  add_limits(profile.limits, settings);
  add_files(profile.files, settings);
  add_surroundings(profile, settings);
  return settings;
}

}  // namespace sb::policy
