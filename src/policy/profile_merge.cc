// merge_profile: what an extending profile says on top of the one it extends.
#include <algorithm>

#include "policy/profile.h"

namespace sb::policy {
namespace {

template <class T>
void take(std::optional<T>& base, std::optional<T>& over) {
  if (over) {
    base = std::move(over);
  }
}

template <class T>
void append(std::vector<T>& base, std::vector<T>& over) {
  std::move(over.begin(), over.end(), std::back_inserter(base));
}

void merge_limits(ProfileLimits& base, ProfileLimits& over) {
  take(base.wall_time_ns, over.wall_time_ns);
  take(base.virtual_time_ns, over.virtual_time_ns);
  take(base.cpu_time_ns, over.cpu_time_ns);
  take(base.memory_bytes, over.memory_bytes);
  take(base.processes, over.processes);
  take(base.output_bytes, over.output_bytes);
  take(base.file_size_bytes, over.file_size_bytes);
  take(base.disk_bytes, over.disk_bytes);
  take(base.open_files, over.open_files);
  take(base.stack_bytes, over.stack_bytes);
  take(base.cpus_millis, over.cpus_millis);
  take(base.cpu_set, over.cpu_set);
  take(base.on_output_limit, over.on_output_limit);
}

void merge_files(ProfileFiles& base, ProfileFiles& over) {
  take(base.root, over.root);
  take(base.workspace, over.workspace);
  take(base.directory, over.directory);
  take(base.workspace_owner, over.workspace_owner);
  std::erase_if(base.mounts, [&](const Setting<MountEntry>& old) {
    return std::any_of(over.mounts.begin(), over.mounts.end(),
                       [&](const auto& mount) { return mount.value.target == old.value.target; });
  });
  append(base.mounts, over.mounts);
  append(base.tmpfs, over.tmpfs);
  append(base.put, over.put);
  append(base.get, over.get);
}

}  // namespace

void merge_profile(Profile& base, Profile&& over) {
  base.extends = std::move(over.extends);
  take(base.description, over.description);
  merge_limits(base.limits, over.limits);
  merge_files(base.files, over.files);
  take(base.network_mode, over.network_mode);
  take(base.syscalls.default_action, over.syscalls.default_action);
  take(base.syscalls.on_violation, over.syscalls.on_violation);
  take(base.syscalls.log, over.syscalls.log);
  append(base.syscalls.layers, over.syscalls.layers);
  take(base.environment.clear, over.environment.clear);
  take(base.environment.keep, over.environment.keep);
  for (auto& [name, value] : over.environment.set) {
    base.environment.set.insert_or_assign(name, std::move(value));
  }
  append(base.environment.pass, over.environment.pass);
  take(base.clock.mode, over.clock.mode);
  take(base.clock.start, over.clock.start);
  take(base.clock.virtual_stdin, over.clock.virtual_stdin);
}

}  // namespace sb::policy
