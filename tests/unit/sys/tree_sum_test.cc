#include "sys/tree_sum.h"

#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

#include "unit/sys/tree.h"

namespace fs = std::filesystem;

namespace {

std::string sum_of(const Tree& tree) {
  const auto sum = sb::sys::tree_sum(tree.at(""));
  REQUIRE(sum);
  return *sum;
}

}  // namespace

// Red: in Sum::add, leave out the times, the name, the mode or the size.
TEST_CASE("tree sum: every change of a tree is another sum and looking is none") {
  const Tree tree;
  std::string last = sum_of(tree);
  CHECK(sum_of(tree) == last);
  const auto changed = [&] {
    const std::string now = sum_of(tree);
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
  CHECK_FALSE(sum_of(tree).empty());
  CHECK_FALSE(sb::sys::tree_sum(tree.at("missing")).has_value());
  fs::path deep = tree.at("a");
  for (int level = 0; level < 70; ++level) {
    deep /= "d";
  }
  fs::create_directories(deep);
  CHECK_FALSE(sb::sys::tree_sum(tree.at("")).has_value());
}
