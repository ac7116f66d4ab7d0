#include "sys/locate.h"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "sys/files.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

#include "unit/sys/tree.h"

namespace fs = std::filesystem;
namespace sys = sb::sys;

namespace {

sys::Doubtful only(const fs::path& directory, bool writable = false) {
  const auto status = sys::stat_path(directory);
  REQUIRE(status);
  return {{status->st_dev, status->st_ino, writable}};
}

// What a location is by the kernel's word: "DIRECTORY NAME", or the errno.
std::string told(const sys::Location& at) {
  if (at.err != 0) {
    return std::to_string(at.err) + (at.doubtful ? " doubtful" : "");
  }
  std::array<char, 4096> text{};
  const std::string link = "/proc/self/fd/" + std::to_string(at.directory.number());
  REQUIRE(::readlink(link.c_str(), text.data(), text.size() - 1) > 0);
  return std::string(text.data()) + " " + at.name;
}

std::string told(const fs::path& path, const sys::Doubtful& doubtful = {}) {
  return told(sys::locate(path, doubtful));
}

std::string at(const fs::path& directory, const char* name) {
  return fs::canonical(directory).string() + " " + name;
}

const std::string loop = std::to_string(ELOOP);
const std::string refused = loop + " doubtful";

}  // namespace

TEST_CASE("locate: links lead where the kernel says") {
  const Tree tree;
  fs::create_symlink("b", tree.at("a/relative"));
  fs::create_symlink(tree.at("a/b/f"), tree.at("absolute"));
  fs::create_symlink("../a/relative/f", tree.at("a/two"));
  fs::create_symlink("a/none", tree.at("dangling"));
  CHECK(told(tree.at("a/b/f")) == at(tree.at("a/b"), "f"));
  CHECK(told(tree.at("a/relative/f")) == at(tree.at("a/b"), "f"));
  CHECK(told(tree.at("a/relative/../b/./f")) == at(tree.at("a/b"), "f"));
  CHECK(told(tree.at("absolute")) == at(tree.at("a/b"), "f"));
  CHECK(told(tree.at("a/two")) == at(tree.at("a/b"), "f"));
  CHECK(told(tree.at("dangling")) == at(tree.at("a"), "none"));
  CHECK(told(tree.at("a/none")) == at(tree.at("a"), "none"));
  CHECK(told(tree.at("a/relative/")) == at(tree.at("a/b"), "."));
  CHECK(told(tree.at("a/b/..")) == at(tree.at("a"), "."));
  CHECK(told("/") == "/ .");
  CHECK(told("/..") == "/ .");
}

TEST_CASE("locate: what leads nowhere says so as open does") {
  const Tree tree;
  fs::create_symlink("self", tree.at("self"));
  fs::create_symlink("gone/x", tree.at("lost"));
  const std::string long_name(300, 'x');
  for (const std::string& path :
       {std::string(), tree.at("self").string(), tree.at("none/x").string(),
        tree.at("a/b/f/x").string(), tree.at("a/b/f/").string(), tree.at("a/none/").string(),
        tree.at("lost").string(), tree.at("").string() + long_name}) {
    CAPTURE(path);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const int err = errno;
    REQUIRE(fd < 0);
    CHECK(told(path) == std::to_string(err));
  }
}

// Red: follow() without a look at where the link leads.
TEST_CASE("locate: a link that the kernel protects is not followed") {
  const Tree tree;
  fs::permissions(tree.at("a"), fs::perms(01777));
  fs::create_symlink("b/f", tree.at("a/others"));
  if (::lchown(tree.at("a/others").c_str(), 1234, 1234) != 0) {
    return;  // Why: who is not root has no other user's link.
  }
  const int fd = ::open(tree.at("a/others").c_str(), O_RDONLY | O_CLOEXEC);
  const int err = errno;
  const std::string found = told(tree.at("a/others"));
  CHECK(found == (fd < 0 ? std::to_string(err) : at(tree.at("a/b"), "f")));
  ::close(fd);
}

// Red: follow() without doubt_of().
TEST_CASE("locate: no link in or below a doubtful directory is followed") {
  const Tree tree;
  const sys::Doubtful doubtful = only(tree.at("a"));
  fs::create_symlink(tree.at("b2"), tree.at("a/b/up"));
  fs::create_symlink("f", tree.at("a/b/beside"));
  fs::create_symlink("a/b/beside", tree.at("outer"));
  fs::create_symlink("a/b", tree.at("fine"));
  fs::create_directory(tree.at("b2"));
  for (const char* path : {"a/b/up", "a/b/up/", "a/b/up/x", "a/b/beside", "a/../a/b/beside",
                           "outer", "fine/beside", "b2/../fine/up/x"}) {
    CAPTURE(path);
    CHECK(told(tree.at(path), doubtful) == refused);
    CHECK(told(tree.at(path), only(tree.at("a/b"))) == refused);
    CHECK(told(tree.at(path), only(tree.at("b2"))) != refused);
  }
  CHECK(told(tree.at("fine/f"), doubtful) == at(tree.at("a/b"), "f"));
  CHECK(sys::locate(tree.at("fine/f"), doubtful).doubtful);
  CHECK(sys::locate(tree.at("fine/none"), doubtful).doubtful);
  CHECK_FALSE(sys::locate(tree.at("b2/none"), doubtful).doubtful);
  sys::Doubtful both = only(tree.at("a/b"));
  CHECK_FALSE(sys::locate(tree.at("fine/f"), both).writable);
  both.push_back(only(tree.at("a"), true).front());
  CHECK(sys::locate(tree.at("fine/f"), both).writable);
  // By a relative path, from within.
  const fs::path before = fs::current_path();
  fs::current_path(tree.at("a/b"));
  CHECK(told("beside", doubtful) == refused);
  CHECK(told("f", doubtful) == at(".", "f"));
  fs::current_path(before);
}

TEST_CASE("locate: descriptors by their names in proc") {
  const Tree tree;
  const sys::Doubtful doubtful = only(tree.at("a"));
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const std::string pipe = "/dev/fd/" + std::to_string(ends[1]);
  const sys::Location writer = sys::locate(pipe, doubtful);
  CHECK(writer.err == 0);
  CHECK(writer.follows);
  CHECK(S_ISFIFO(writer.status().value().st_mode));
  CHECK(writer.open_for_writing(0, 0).err == 0);
  ::close(ends[0]);
  ::close(ends[1]);
  const sys::OpenResult file = sys::open_path(tree.at("a/b/f"), O_RDONLY);
  const sys::OpenResult directory = sys::open_path(tree.at("a"), O_RDONLY);
  CHECK(told("/proc/self/fd/" + std::to_string(file.fd.number())) == at(tree.at("a/b"), "f"));
  const std::string inner = "/proc/self/fd/" + std::to_string(directory.fd.number()) + "/b/f";
  CHECK(told(inner) == at(tree.at("a/b"), "f"));
  CHECK(sys::locate(inner, only(tree.at("a"))).doubtful);
}

TEST_CASE("locate: what is opened is what was found") {
  const Tree tree;
  const sys::Doubtful doubtful = only(tree.at("a"));
  const sys::Location made = sys::locate(tree.at("a/new"), doubtful);
  fs::create_symlink(tree.at("victim"), tree.at("a/new"));  // Why: by a run beside, meanwhile.
  CHECK(made.open_for_writing(O_CREAT | O_TRUNC, 0666).err == ELOOP);
  CHECK_FALSE(fs::exists(tree.at("victim")));
  REQUIRE(::mkfifo(tree.at("a/pipe").c_str(), 0666) == 0);
  CHECK(sys::locate(tree.at("a/pipe"), doubtful).open_for_writing(O_CREAT, 0666).err == ENXIO);
  const sys::OpenResult reader = sys::open_path(tree.at("a/pipe"), O_RDONLY | O_NONBLOCK);
  CHECK(sys::locate(tree.at("a/pipe"), doubtful).open_for_writing(O_CREAT, 0666).err == ENXIO);
  CHECK(sys::locate(tree.at("a/pipe"), {}).open_for_writing(O_CREAT, 0666).err == 0);
  CHECK(sys::locate(tree.at("a/b/f"), doubtful).open_for_writing(O_TRUNC, 0).err == 0);
  CHECK(fs::file_size(tree.at("a/b/f")) == 0);
}
