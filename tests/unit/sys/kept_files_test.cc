#include "sys/kept_files.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "base/sha256.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace {

namespace fs = std::filesystem;
using sb::sys::KeptFiles;

std::string key_of(int number) { return sb::sha256_hex(std::to_string(number)); }

}  // namespace

// Red: in make_room, do not count the bytes.
TEST_CASE("kept files: the oldest make room for what is new by number and by bytes") {
  std::string name = (fs::temp_directory_path() / "sandbox-kept-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const KeptFiles kept(name + "/a/b", "test", {.files = 4, .bytes = 4000, .size = 2000});
  for (int number = 0; number < 6; ++number) {
    kept.keep(key_of(number), std::string(100, 'x'));
  }
  CHECK_FALSE(kept.find(key_of(1)).has_value());
  CHECK(kept.find(key_of(2)) == std::string(100, 'x'));
  kept.keep(key_of(10), std::string(2000, 'y'));
  kept.keep(key_of(11), std::string(1900, 'z'));
  CHECK_FALSE(kept.find(key_of(5)).has_value());
  CHECK(kept.find(key_of(10)) == std::string(2000, 'y'));
  CHECK(kept.find(key_of(11)) == std::string(1900, 'z'));
  kept.keep(key_of(12), std::string(2001, 'n'));  // more than one may have
  CHECK_FALSE(kept.find(key_of(12)).has_value());
  CHECK_FALSE(KeptFiles(name + "/a/b", "other", {4, 4000, 2000}).find(key_of(10)).has_value());
  std::error_code ignored;
  fs::remove_all(name, ignored);
}
