// What is wrong with a profile that can be read: entries that contradict each other or never
// decide, limits that can't hold together, and the known mistakes of system call filters.
// Must not refuse anything: resolve.h does.
#pragma once

#include <string>
#include <vector>

#include "policy/profile.h"

namespace sb::policy {

struct Finding {
  Origin origin;
  bool is_error = false;  // such a profile does not run, or does not do what it says
  std::string text;
};

// In the order of files and lines. `source` stands where nothing in the profile can be named.
std::vector<Finding> check_profile(const Profile& profile, const std::string& source);

// The parts of it. The entries of each layer against each other.
void check_entries(const Profile& profile, std::vector<Finding>& findings);
// What the profile does as a whole (pitfalls 8, 9, 11 and 12, and calls that go together).
void check_pitfalls(const Profile& profile, const Origin& whole, std::vector<Finding>& findings);
void check_limits(const Profile& profile, std::vector<Finding>& findings);

}  // namespace sb::policy
