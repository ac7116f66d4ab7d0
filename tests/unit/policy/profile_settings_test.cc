#include "policy/profile_settings.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb::policy;

// Red: leave one key out of settings_of.
TEST_CASE("settings unpack to what they were made of") {
  const auto profile = parse_profile(R"(
schema = "sandbox.profile/v1"
[limits]
wall_time = "1m30s"
cpu_time = "none"
memory = "12345"
cpus = 1.5
cpu_set = "0-1,3"
on_output_limit = "truncate"
[files]
root = "empty"
tmpfs = ["/data"]
mounts = [{ source = "/opt", target = "/opt", mode = "rw" }]
directory = "/tmp"
[network]
mode = "none"
[environment]
set = { A = "b=c d", PATH = "/bin" }
pass = ["TZ"]
)",
                                     "test.toml");
  REQUIRE(profile.has_value());
  const auto settings = settings_of(*profile);
  REQUIRE(settings.has_value());
  const std::vector<std::pair<std::string_view, std::string_view>> views(settings->begin(),
                                                                         settings->end());
  const auto again = unpack({"test", "00", views});
  REQUIRE(again.has_value());
  CHECK(settings->size() == 14);
  CHECK(*settings_of(*again) == *settings);
  CHECK(again->limits.cpus_millis->value == 1500);
  CHECK_FALSE(again->limits.cpu_time_ns->value.has_value());
  CHECK(again->environment.set.at("A").value == "b=c d");
}

TEST_CASE("a profile with files to put has no such list") {
  const auto profile = parse_profile(R"(
schema = "sandbox.profile/v1"
[files]
put = [{ source = "a", target = "/workspace" }]
)",
                                     "test.toml");
  REQUIRE(profile.has_value());
  CHECK_FALSE(settings_of(*profile).has_value());
}
