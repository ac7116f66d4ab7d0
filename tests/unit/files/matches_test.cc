#include "files/matches.h"

#include <cerrno>

#include "sys/files.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>

#include "unit/sys/tree.h"

namespace fs = std::filesystem;

namespace {

using Paths = std::vector<std::string>;

sb::files::Matches matches(const Tree& tree, const std::string& pattern) {
  const sb::sys::OpenResult root = sb::sys::open_path(tree.at(""), O_RDONLY | O_DIRECTORY);
  REQUIRE(root.err == 0);
  return sb::files::matches_of(root.fd.ref(), pattern, std::nullopt);
}

}  // namespace

// Red: fnmatch() without FNM_PERIOD; names_in() without the sort.
TEST_CASE("matches: a star is a part of one name and no dot at its start") {
  const Tree tree;
  tree.write("a/2.txt", "");
  tree.write("a/1.txt", "");
  tree.write("a/.txt", "");
  tree.write("a/b/3.txt", "");
  CHECK(matches(tree, "/a/*.txt").paths == Paths{"/a/1.txt", "/a/2.txt"});
  CHECK(matches(tree, "/a/.*t").paths == Paths{"/a/.txt"});
  CHECK(matches(tree, "/*/b/[f3]*").paths == Paths{"/a/b/3.txt", "/a/b/f"});
  CHECK(matches(tree, "/a/?.txt").paths == Paths{"/a/1.txt", "/a/2.txt"});
  CHECK(matches(tree, "/none/*").paths.empty());
}

// Red: names_in() opens with open_path(): the link leads out of the root.
TEST_CASE("matches: no link is followed and a backslash is one") {
  const Tree tree;
  fs::create_symlink("/", tree.at("a/out"));
  fs::create_symlink("../a", tree.at("a/round"));
  tree.write("a/\\*", "");
  CHECK(matches(tree, "/a/out/*").paths.empty());
  CHECK(matches(tree, "/a/\\*").paths == Paths{"/a/\\*"});
  CHECK(matches(tree, "/a/o*").paths == Paths{"/a/out"});
}

// Red: without the limit of what is kept.
TEST_CASE("matches: more names than can be kept are an error and no part of them") {
  const Tree tree;
  for (int i = 0; i <= 10'000; ++i) {
    tree.write(fmt::format("a/b/{}", i).c_str(), "");
  }
  const sb::files::Matches found = matches(tree, "/a/b/*");
  CHECK(found.err == E2BIG);
  CHECK(found.paths.empty());
}
