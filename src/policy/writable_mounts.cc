#include "policy/writable_mounts.h"

#include <fmt/core.h>

#include "base/split.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

// "docker (998)", or the number alone where the host has no name for it.
std::string name_of_group(const std::string& groups, std::uint32_t gid) {
  // group(5): NAME:PASSWORD:GID:MEMBERS
  for (const std::string& line : split(groups, '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() > 2 && fields[2] == std::to_string(gid)) {
      return fmt::format("{} ({})", fields[0], gid);
    }
  }
  return std::to_string(gid);
}

std::string names_of_groups(const std::vector<std::uint32_t>& gids) {
  constexpr std::size_t most_bytes = 1 << 20;  // Limit: of the host's list of groups.
  const std::string groups = sys::read_file("/etc/group", most_bytes).data;
  std::string names;
  for (const std::uint32_t gid : gids) {
    names += (names.empty() ? "" : ", ") + name_of_group(groups, gid);
  }
  return names;
}

}  // namespace

void guard_writable_mounts(const HostFacts& facts, Spec& spec) {
  std::string sources;
  for (const HostMount& mount : spec.files.mounts) {
    if (mount.mode == MountMode::read_write) {
      sources += fmt::format("{}\"{}\"", sources.empty() ? "" : ", ", mount.source);
    }
  }
  if (sources.empty()) {
    return;
  }
  spec.set_id_bits_forbidden = true;
  if (spec.limits.disk_bytes) {
    spec.warnings.push_back(
        fmt::format("limits.disk does not hold for {}, which is the host's", sources));
  }
  if (spec.ids == IdMode::caller && !facts.groups.empty()) {
    spec.warnings.push_back(
        fmt::format("in {} the program may do what the caller's groups may: {}; an ordinary user "
                    "can't leave a group",
                    sources, names_of_groups(facts.groups)));
  }
}

}  // namespace sb::policy
