#include <algorithm>

#include <fmt/core.h>

#include "base/units.h"
#include "policy/check.h"

namespace sb::policy {
namespace {

std::optional<std::uint64_t> amount(const OptionalSetting<Amount>& limit) {
  return limit ? limit->value : std::nullopt;
}

// How many CPUs "0-1,3" names; its form has been checked.
std::uint64_t count_of(std::string_view cpu_set) {
  std::uint64_t count = 0;
  while (!cpu_set.empty()) {
    const std::size_t comma = std::min(cpu_set.find(','), cpu_set.size());
    const std::string_view range = cpu_set.substr(0, comma);
    const std::size_t dash = range.find('-');
    const auto first = parse_unsigned(range.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_unsigned(range.substr(dash + 1));
    count += first && last ? *last - *first + 1 : 0;
    cpu_set.remove_prefix(std::min(comma + 1, cpu_set.size()));
  }
  return count;
}

// At most how many thousandths of a CPU can be busy, as far as the profile itself says.
std::optional<std::uint64_t> usable_millis(const ProfileLimits& limits) {
  std::optional<std::uint64_t> most;
  const auto bound = [&](std::optional<std::uint64_t> millis) {
    if (millis && (!most || *millis < *most)) {
      most = millis;
    }
  };
  bound(amount(limits.cpus_millis));
  if (limits.cpu_set && limits.cpu_set->value) {
    bound(count_of(*limits.cpu_set->value) * 1000);
  }
  if (const auto tasks = amount(limits.processes)) {
    bound(*tasks * 1000);
  }
  return most;
}

// Whether files can lie outside the file system in memory.
bool writes_to_host(const ProfileFiles& files) {
  return (files.workspace && files.workspace->value.mode == WorkspaceMode::read_write) ||
         std::any_of(files.mounts.begin(), files.mounts.end(),
                     [](const auto& mount) { return mount.value.mode == MountMode::read_write; });
}

class LimitsCheck {
 public:
  LimitsCheck(const Profile& profile, std::vector<Finding>& findings)
      : limits_(profile.limits), files_(profile.files), findings_(findings) {}

  void check_times() {
    const auto cpu = amount(limits_.cpu_time_ns);
    const auto wall = amount(limits_.wall_time_ns);
    const auto millis = usable_millis(limits_);
    // In floating point: the product of the two would overflow.
    if (cpu && wall && millis &&
        static_cast<double>(*cpu) >
            static_cast<double>(*wall) * static_cast<double>(*millis) / 1000) {
      warn(limits_.cpu_time_ns->origin,
           fmt::format("cpu_time ({}) can't be reached: wall_time ({}) on at most {}.{:03} CPUs "
                       "comes first",
                       format_duration(*cpu), format_duration(*wall), *millis / 1000,
                       *millis % 1000));
    }
    const auto cpus = amount(limits_.cpus_millis);
    if (cpus && limits_.cpu_set && limits_.cpu_set->value &&
        *cpus > count_of(*limits_.cpu_set->value) * 1000) {
      warn(limits_.cpus_millis->origin,
           fmt::format("cpus is more than cpu_set ({}) has", *limits_.cpu_set->value));
    }
  }

  void check_sizes() {
    if (!writes_to_host(files_)) {
      compare("file_size", limits_.file_size_bytes, "disk", limits_.disk_bytes,
              "no file can grow to it");
    }
    compare("disk", limits_.disk_bytes, "memory", limits_.memory_bytes,
            "files in memory count there, too");
    compare("stack", limits_.stack_bytes, "memory", limits_.memory_bytes,
            "a stack counts there, too");
  }

  void check_counts() {
    const auto files = amount(limits_.open_files);
    // stdin, stdout, stderr, and one for the program, its libraries or a script.
    if (constexpr std::uint64_t least = 4; files && *files < least) {
      warn(limits_.open_files->origin,
           fmt::format("open_files below {}: no dynamic program can load its libraries", least));
    }
  }

 private:
  void warn(const Origin& origin, std::string text) {
    findings_.push_back({origin, false, std::move(text)});
  }

  void compare(std::string_view inner_name, const OptionalSetting<Amount>& inner,
               std::string_view outer_name, const OptionalSetting<Amount>& outer,
               std::string_view why) {
    const auto small = amount(outer);
    if (const auto large = amount(inner); large && small && *large > *small) {
      warn(inner->origin, fmt::format("{} ({}) is more than {} ({}): {}", inner_name,
                                      format_size(*large), outer_name, format_size(*small), why));
    }
  }

  const ProfileLimits& limits_;
  const ProfileFiles& files_;
  std::vector<Finding>& findings_;
};

}  // namespace

void check_limits(const Profile& profile, std::vector<Finding>& findings) {
  LimitsCheck check(profile, findings);
  check.check_times();
  check.check_sizes();
  check.check_counts();
}

}  // namespace sb::policy
