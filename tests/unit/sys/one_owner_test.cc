#include "sys/one_owner.h"

#include <unistd.h>

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

#include "unit/sys/tree.h"

namespace fs = std::filesystem;

namespace {

bool is_ours(const fs::path& path) { return sb::sys::is_all_of(path, ::geteuid(), ::getegid()); }

}  // namespace

// Red: look() without `status.st_uid != uid`; for the second check without its gid.
TEST_CASE("one owner: a tree is of one user and group or is not") {
  const Tree tree;
  fs::create_symlink("/etc", tree.at("a/b/etc"));  // Why: root's, and not followed
  CHECK(is_ours(tree.at("")));
  CHECK_FALSE(sb::sys::is_all_of(tree.at(""), ::geteuid() + 1, ::getegid()));
  CHECK_FALSE(sb::sys::is_all_of(tree.at(""), ::geteuid(), ::getegid() + 1));
  if (::geteuid() == 0) {
    REQUIRE(::chown(tree.at("a/b/f").c_str(), 1, 0) == 0);
    CHECK_FALSE(is_ours(tree.at("")));
    REQUIRE(::chown(tree.at("a/b/f").c_str(), 0, 1) == 0);
    CHECK_FALSE(is_ours(tree.at("")));
  }
}

// Red: enter() without `deepest`.
TEST_CASE("one owner: what is missing or no directory or too deep is not") {
  const Tree tree;
  CHECK_FALSE(is_ours(tree.at("missing")));
  CHECK_FALSE(is_ours(tree.at("a/b/f")));
  fs::path deep = tree.at("a");
  for (int level = 0; level < 70; ++level) {
    deep /= "d";
  }
  fs::create_directories(deep);
  CHECK_FALSE(is_ours(tree.at("")));
}
