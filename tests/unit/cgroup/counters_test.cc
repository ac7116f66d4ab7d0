#include "cgroup/counters.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>

#include "sys/files.h"
#undef CHECK

#include <doctest/doctest.h>

using sb::cgroup::Counters;
using sb::cgroup::value_in;

namespace {

class Directory {
 public:
  Directory() {
    char path[] = "/tmp/counters.XXXXXX";
    path_ = ::mkdtemp(path);
    fd_ = sb::sys::open_path(path_, O_RDONLY | O_DIRECTORY).fd;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  void write(const char* name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  sb::sys::FdRef fd() const { return fd_.ref(); }

 private:
  std::string path_;
  sb::sys::Fd fd_;
};

}  // namespace

// Red: let text() keep what it has read once.
TEST_CASE("counters: what a file says now whether it stays open or not") {
  const Directory directory;
  directory.write("kept", "1\n");
  directory.write("looked_for", "2\n");
  Counters counters;
  counters.open(directory.fd(), {"kept", "later"});
  CHECK(counters.number("kept") == 1);
  CHECK(counters.number("looked_for") == 2);
  CHECK_FALSE(counters.number("later").has_value());
  directory.write("kept", "34\n");
  directory.write("looked_for", "max\n");
  directory.write("later", "5\n");
  CHECK(counters.number("kept") == 34);
  CHECK_FALSE(counters.number("looked_for").has_value());
  CHECK(counters.number("later") == 5);
}

// Red: take the comparison with the buffer's size out of text().
TEST_CASE("counters: a file longer than a page is read to its end") {
  const Directory directory;
  directory.write("long", std::string(5000, 'x') + " 1\nlast 7\n");
  Counters counters;
  counters.open(directory.fd(), {"long"});
  CHECK(counters.value("long", "last") == 7);
}

TEST_CASE("counters: the number of a key and of no other that begins like it") {
  const std::string text = "oom 1\noom_kill 2\noom_group_kill 3\nempty\nodd x\n";
  CHECK(value_in(text, "oom") == 1);
  CHECK(value_in(text, "oom_kill") == 2);
  CHECK(value_in(text, "oom_group_kill") == 3);
  for (const char* key : {"empty", "odd", "oom_k", "kill", ""}) {
    CAPTURE(key);
    CHECK_FALSE(value_in(text, key).has_value());
  }
  CHECK_FALSE(value_in("", "oom").has_value());
}
