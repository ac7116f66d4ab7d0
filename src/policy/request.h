// Request: what the caller asks for, before it is resolved against a profile and the host.
// Must not hold defaults that belong to a profile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/profile.h"

namespace sb::policy {

// One key of the schema given outside a profile; it wins over the profile.
struct Override {
  std::string key;     // "limits.memory"
  std::string text;    // "64M", in the option's spelling
  std::string option;  // "--memory": named in errors in the place of a line and column
};

enum class UsernsChoice { automatic, always, never };

struct PreparedProfile;

struct Request {
  std::string profile = "default";  // a built-in name, or a path (it has a slash or ends in .toml)
  const PreparedProfile* prepared = nullptr;  // the same, ready; or nullptr: it is to be read
  Profile keys;                               // of a JSON request, on top of the profile
  std::vector<std::string> command;  // its first word only names a program that came as bytes
  SharedProgram program;             // nullptr: `command` says where it is
  std::string caller_directory;  // absolute: where relative host paths start; empty if it is gone
  std::vector<std::string> caller_environment;  // "NAME=VALUE"
  std::vector<Override> overrides;              // on top of `keys`
  Stdio stdio;
  UsernsChoice userns = UsernsChoice::automatic;
  std::string cgroup_parent;  // empty: the caller's own group
  std::uint64_t grace_ns = 2'000'000'000;
  bool best_effort = false;
  bool is_step = false;  // a relative path names a file inside, where an earlier step may make it
};

// One of the programs of a request that has several; they share a work directory.
struct StepRequest {
  std::string name;    // empty: it is the only one, and no step
  bool cache = false;  // what it leaves is kept for the next time that all is equal
  Request request;
};

}  // namespace sb::policy
