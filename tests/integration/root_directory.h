// A root of the caller's, made of a few probes.
// Must not know what is tried in it.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "harness.h"

namespace sbtest {

// A root file system of a few probes: /bin, /etc, /lib with a link to it, and what a test adds.
class RootDirectory {
 public:
  RootDirectory() {
    for (const char* name : {"bin", "etc", "usr", "usr/lib"}) {
      REQUIRE(mkdir((path() + "/" + name).c_str(), 0755) == 0);
    }
    for (const char* name : {"see_path", "print_args", "minimal"}) {
      directory_.write(std::string("bin/") + name, read_file(probe(name)), 0755);
    }
    directory_.write("etc/passwd", "theirs\n", 0644);
    link("usr/lib", "lib");
  }
  const std::string& path() const { return directory_.path(); }
  void link(const std::string& target, const std::string& name) const {
    REQUIRE(symlink(target.c_str(), (path() + "/" + name).c_str()) == 0);
  }
  void write(const std::string& name, const std::string& text) const {
    directory_.write(name, text, 0644);
  }
  void directory(const std::string& name) const {
    REQUIRE(mkdir((path() + "/" + name).c_str(), 0755) == 0);
  }

 private:
  TempDirectory directory_;
};

}  // namespace sbtest
