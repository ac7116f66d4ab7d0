#include "fuzz/shown_limits.h"

#include "fuzz/properties.h"
#include "policy/explain.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;

bool same(const OptionalSetting<Amount>& a, const OptionalSetting<Amount>& b) {
  return a.has_value() == b.has_value() && (!a || a->value == b->value);
}

bool same(const ProfileLimits& a, const ProfileLimits& b) {
  return same(a.wall_time_ns, b.wall_time_ns) && same(a.cpu_time_ns, b.cpu_time_ns) &&
         same(a.memory_bytes, b.memory_bytes) && same(a.processes, b.processes) &&
         same(a.output_bytes, b.output_bytes) && same(a.file_size_bytes, b.file_size_bytes) &&
         same(a.disk_bytes, b.disk_bytes) && same(a.open_files, b.open_files) &&
         same(a.stack_bytes, b.stack_bytes) && same(a.cpus_millis, b.cpus_millis);
}

}  // namespace

void expect_limits_shown(const Profile& profile) {
  Profile again;
  for (const ExplainedSetting& setting : explain_settings(profile)) {
    if (setting.key.starts_with("limits.")) {
      const auto set = set_option(again, setting.key, setting.value, {.source = "--again"});
      HOLDS_FOR(set.has_value(), setting.key + " = " + setting.value);
    }
  }
  HOLDS(same(profile.limits, again.limits));
}

}  // namespace sbfuzz
