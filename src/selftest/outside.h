// What the host sees of a run while its program stays: the kernel's word, not the program's.
// Must not change or signal what it looks at.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::selftest {

// By the keys of the probe "look", and "uids", "gids", "session", "ns user" and the like,
// "mountinfo", "cgroup". What can't be read is not there; empty where the process is not found.
using Facts = std::map<std::string, std::string>;

// The process below `supervisor` that has this number inside.
Facts facts_of_program(pid_t supervisor, const std::string& pid_inside);

// What a program must not reach: listeners on the host's loopback and on an abstract name.
class Listeners {
 public:
  Listeners();
  bool exist() const { return tcp_.valid() && local_.valid() && port_ != 0; }
  int port() const { return port_; }
  const std::string& name() const { return name_; }
  bool were_reached() const;

 private:
  sys::Fd tcp_;
  sys::Fd local_;
  int port_ = 0;
  std::string name_;
};

// A terminal of our own; whoever types into it is seen.
class Terminal {
 public:
  Terminal();
  bool exists() const { return slave_.valid(); }
  int number() const { return slave_.number(); }
  int typed() const;  // bytes that wait to be read

 private:
  sys::Fd master_;
  sys::Fd slave_;
};

}  // namespace sb::selftest
