// Runner: starts `sandbox run` as any caller would, several at a time, and hands over what each
// left. Must not know what the runs are for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "selftest/seen.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace sb::selftest {

using Words = std::vector<std::string>;

struct Job {
  Words options = {};  // of `run`
  Words probe = {};    // what the probe is given, its name first
  // Calls that the profile kills for give EPERM in this run: they are refused as well, and what is
  // attempted besides them is not cut short.
  bool goes_on = false;
  Words allowed_too = {};  // calls that the profile is to allow on top
  int terminal = -1;       // a terminal that becomes that of `sandbox run`
  // Once the probe has told "ready", while it stays: the pid of `sandbox run` and what was told so
  // far. The run is ended with stop() then or later.
  std::function<void(std::size_t id, pid_t supervisor, const Seen& so_far)> ready = {};
  std::function<void(const Seen&)> done = {};
};

class Runner {
 public:
  // `leaked` is one more descriptor that each `sandbox run` gets from a careless caller.
  Runner(Words common_options, sys::FdRef signals, sys::FdRef leaked, std::size_t at_once);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void add(Job job);
  void stop(std::size_t id);
  // Until all are done, those that were added meanwhile too. The number of a signal that ended it
  // early; else 0. Each job that was started has ended then.
  int run_all();

 private:
  struct Active;
  void start_next();
  void start(Job job);
  bool wait_for_something();
  void read_from(Active& active);
  void settle(std::size_t id);
  void end_all();

  Words common_options_;
  sys::FdRef signals_;
  sys::FdRef leaked_;
  std::size_t at_once_;
  std::string self_;
  std::vector<Job> waiting_;
  std::size_t next_ = 0;
  std::size_t last_id_ = 0;
  int interrupted_by_ = 0;
  std::map<std::size_t, std::unique_ptr<Active>> active_;
};

}  // namespace sb::selftest
