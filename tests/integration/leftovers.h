// Leftovers: what a run must not leave behind: processes, cgroups, mounts, files.
// Must not remove anything; it only looks.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace sbtest {

// Living or dead-and-unreaped processes that descend from `ancestor`, without the subtrees of
// `spared`. The test is a child subreaper, so whatever loses its parent becomes ours.
std::vector<pid_t> descendants_of(pid_t ancestor, const std::set<pid_t>& spared = {});
std::string describe_process(pid_t pid);

// Groups named sandbox.* at our own cgroup in every hierarchy, that no living supervisor locks.
std::vector<std::string> abandoned_groups();
// The same, locked or not.
std::vector<std::string> all_groups();

std::string mounts_of_this_process();
std::vector<std::string> files_below(const std::string& directory);
// Entries of the host's temporary places that are named as the product names what it makes.
std::vector<std::string> product_temp_files();

}  // namespace sbtest
