// Programs of tests/languages, made ready and run under the profile of their language with its own
// limits. Must not know what a program should say.
#pragma once

#include "harness.h"

namespace sbtest {

// A program of the host as it can be called inside, where /usr is shown and little else.
struct Tool {
  Words options;     // --mount, where it lives elsewhere
  std::string path;  // inside
};

// Skips the test where the host lacks it.
Tool tool(const std::string& name);

class Program {
 public:
  // FILE is "cpp/threads.cc": its folder names the profile. Compiles it where it must be, and skips
  // the test where the host has no toolchain.
  explicit Program(const std::string& file);

  Run run(const Words& arguments = {}, const Words& sandbox_options = {}) const;

 private:
  void build(const std::string& compiler, const std::string& options);

  TempDirectory directory_;
  std::string name_;  // "threads.cc"
  std::string stem_;  // "threads"
  Words options_;
  Words command_;
};

// It ends well within the default limits, without a word on stderr.
void expect_prints(const std::string& file, const std::string& output, const Words& arguments = {});
// `fits` MiB are there, `too_much` end the run at the profile's limit.
void expect_heap(const std::string& file, int fits, int too_much);

}  // namespace sbtest
