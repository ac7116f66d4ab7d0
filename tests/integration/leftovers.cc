#include "leftovers.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <sstream>

#include "harness.h"

namespace sbtest {

namespace fs = std::filesystem;

namespace {

std::string read_link(const std::string& path) {
  std::string target(512, '\0');
  const ssize_t n = readlink(path.c_str(), target.data(), target.size());
  target.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return target;
}

// pid → parent, of every process that /proc shows.
std::map<pid_t, pid_t> parents() {
  std::map<pid_t, pid_t> result;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return isdigit(c) != 0; })) {
      continue;
    }
    const std::string stat = read_file(entry.path() / "stat");
    // The name stands in brackets and may hold anything, brackets too.
    const std::size_t bracket = stat.rfind(')');
    char state = '?';
    int parent = 0;
    if (bracket != std::string::npos &&
        std::sscanf(stat.c_str() + bracket + 1, " %c %d", &state, &parent) == 2) {
      result[std::stoi(name)] = parent;
    }
  }
  return result;
}

struct Hierarchy {
  std::string directory;  // our own cgroup in it
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

bool has_item(const std::string& list, const std::string& item) {
  return ("," + list + ",").find("," + item + ",") != std::string::npos;
}

// Our path in the hierarchy of a mount: v2 has an empty controller list, v1 names one of the
// mount's options.
std::string own_path(bool v2, const std::string& mount_options) {
  for (const std::string& line : lines_of(read_file("/proc/self/cgroup"))) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string first_controller = controllers.substr(0, controllers.find(','));
    if (v2 ? controllers.empty() : has_item(mount_options, first_controller)) {
      return line.substr(second + 1);
    }
  }
  return "";
}

std::vector<std::string> own_group_directories() {
  std::vector<std::string> result;
  for (const std::string& line : lines_of(read_file("/proc/self/mountinfo"))) {
    const std::vector<std::string> words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 8 || words.end() - dash < 4 || dash[1].rfind("cgroup", 0) != 0) {
      continue;
    }
    std::string path = own_path(dash[1] == "cgroup2", dash[3]);
    const std::string& root = words[3];
    if (root != "/" && path.rfind(root, 0) == 0) {
      path.erase(0, root.size());
    }
    result.push_back(words[4] + path);
    // Where the program makes groups on v2 instead: as root below the root, and beside the group
    // that it, or a caller of it, has moved to.
    if (dash[1] == "cgroup2") {
      result.push_back(words[4]);
    }
    if (dash[1] == "cgroup2" && fs::path(path).filename() == "sup") {
      result.push_back(words[4] + fs::path(path).parent_path().string());
    }
  }
  return result;
}

// "maj:min:inode" of every flock in the system.
std::set<std::string> locked_files() {
  std::set<std::string> result;
  for (const std::string& line : lines_of(read_file("/proc/locks"))) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() >= 6 && words[1] == "FLOCK") {
      result.insert(words[5]);
    }
  }
  return result;
}

std::string lock_name(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return "";
  }
  char text[64];
  std::snprintf(text, sizeof text, "%02x:%02x:%llu", major(info.st_dev), minor(info.st_dev),
                static_cast<unsigned long long>(info.st_ino));
  return text;
}

}  // namespace

std::vector<pid_t> descendants_of(pid_t ancestor, const std::set<pid_t>& spared) {
  const std::map<pid_t, pid_t> parent_of = parents();
  std::vector<pid_t> result;
  for (const auto& [pid, parent] : parent_of) {
    if (pid == ancestor) {
      continue;
    }
    for (pid_t at = pid; at > 1 && spared.count(at) == 0;) {
      const auto up = parent_of.find(at);
      if (up == parent_of.end()) {
        break;
      }
      if (up->second == ancestor) {
        result.push_back(pid);
        break;
      }
      at = up->second;
    }
  }
  return result;
}

std::string describe_process(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  return std::to_string(pid) + " " + read_link(folder + "/exe") +
         " stat: " + read_file(folder + "/stat").substr(0, 60);
}

std::vector<std::string> all_groups() {
  std::vector<std::string> result;
  for (const std::string& directory : own_group_directories()) {
    for (const std::string& parent : {directory, directory + "/sandbox"}) {
      std::error_code ignored;
      for (const auto& entry : fs::directory_iterator(parent, ignored)) {
        if (entry.path().filename().string().rfind("sandbox.", 0) == 0) {
          result.push_back(entry.path());
        }
      }
    }
  }
  return result;
}

std::vector<std::string> abandoned_groups() {
  const std::vector<std::string> groups = all_groups();
  const std::set<std::string> locked = locked_files();
  // A run has one name in all hierarchies; a lock on one of its directories is enough.
  std::set<std::string> alive;
  for (const std::string& path : groups) {
    if (locked.count(lock_name(path)) != 0) {
      alive.insert(fs::path(path).filename());
    }
  }
  std::vector<std::string> result;
  for (const std::string& path : groups) {
    if (alive.count(fs::path(path).filename()) == 0 && fs::exists(path)) {
      result.push_back(path);
    }
  }
  return result;
}

std::string mounts_of_this_process() { return read_file("/proc/self/mountinfo"); }

std::vector<std::string> files_below(const std::string& directory) {
  std::vector<std::string> result;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(
           directory, fs::directory_options::skip_permission_denied, ignored)) {
    result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> product_temp_files() {
  std::vector<std::string> result;
  for (const char* place : {"/tmp", "/var/tmp", "/dev/shm"}) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(place, ignored)) {
      if (entry.path().filename().string().rfind("sandbox.", 0) == 0) {
        result.push_back(entry.path());
      }
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace sbtest
