#include "sys/tree_sum.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace {

namespace fs = std::filesystem;

class Tree {
 public:
  Tree() {
    std::string name = (fs::temp_directory_path() / "sandbox-tree-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    fs::create_directories(path_ / "a" / "b");
    write("a/b/f", "1");
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path at(const char* name) const { return path_ / name; }
  void write(const char* name, const char* text) const { std::ofstream(at(name)) << text; }
  std::string sum() const {
    const auto sum = sb::sys::tree_sum(path_);
    REQUIRE(sum);
    return *sum;
  }

 private:
  fs::path path_;
};

}  // namespace

// Red: in Sum::add, leave out the times, the name, the mode or the size.
TEST_CASE("tree sum: every change of a tree is another sum and looking is none") {
  const Tree tree;
  std::string last = tree.sum();
  CHECK(tree.sum() == last);
  const auto changed = [&] {
    const std::string now = tree.sum();
    const bool other = now != last;
    last = now;
    return other;
  };
  tree.write("a/b/f", "22");
  CHECK(changed());
  REQUIRE(::chmod(tree.at("a/b/f").c_str(), 0600) == 0);
  CHECK(changed());
  fs::rename(tree.at("a/b/f"), tree.at("a/b/g"));
  CHECK(changed());
  fs::create_symlink("b", tree.at("a/l"));
  CHECK(changed());
  fs::remove(tree.at("a/l"));
  CHECK(changed());
  // A content of the same size with the old time: the time of the inode's change tells.
  struct ::stat status {};
  REQUIRE(::stat(tree.at("a/b/g").c_str(), &status) == 0);
  tree.write("a/b/g", "33");
  const timespec times[2] = {status.st_atim, status.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, tree.at("a/b/g").c_str(), times, 0) == 0);
  CHECK(changed());
}

// Red: follow links, or do not bound the depth.
TEST_CASE("tree sum: a loop of links ends and what is missing or too deep has none") {
  const Tree tree;
  fs::create_symlink("..", tree.at("a/up"));
  CHECK_FALSE(tree.sum().empty());
  CHECK_FALSE(sb::sys::tree_sum(tree.at("missing")).has_value());
  fs::path deep = tree.at("a");
  for (int level = 0; level < 70; ++level) {
    deep /= "d";
  }
  fs::create_directories(deep);
  CHECK_FALSE(sb::sys::tree_sum(tree.at("")).has_value());
}
