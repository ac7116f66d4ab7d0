#include "cli/result_output.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace sb;
using namespace sb::cli;
namespace fs = std::filesystem;

// A directory that goes away with the test.
struct Folder {
  Folder() {
    std::string name = fs::temp_directory_path() / "sbtest.XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
  std::string text(const std::string& name) const {
    std::ifstream file(path / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path path;
};

RunOptions to(const std::string& destination) {
  RunOptions options;
  options.result_destination = destination;
  return options;
}

result::Outcome some_outcome() {
  result::Outcome outcome;
  outcome.out.data = Bytes(std::string(200'000, 'x'));
  return outcome;
}

Result<Done> check_and_write(const RunOptions& options) {
  Result<Done> checked = check_result_destination(options);
  return checked ? write_result(options, some_outcome()) : std::move(checked);
}

}  // namespace

TEST_CASE("result_output: a file is replaced as a whole") {
  const Folder folder;
  std::ofstream(folder.path / "r.json") << "old";
  const mode_t before = ::umask(022);
  const int reader = ::open((folder.path / "r.json").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(check_and_write(to(folder.path / "r.json")));
  ::umask(before);
  char kept[4] = {};
  CHECK(::read(reader, kept, sizeof(kept)) == 3);  // a reader of the old file keeps it
  ::close(reader);
  CHECK(folder.entries() == 1);
  CHECK(folder.text("r.json").ends_with("}\n"));
  struct ::stat status = {};
  REQUIRE(::stat((folder.path / "r.json").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0644);
}

TEST_CASE("result_output: a link stays a link") {
  const Folder folder;
  std::ofstream(folder.path / "real") << "old";
  fs::create_symlink("real", folder.path / "link");
  REQUIRE(check_and_write(to(folder.path / "link")));
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(folder.text("real").ends_with("}\n"));
}

TEST_CASE("result_output: devices are written and not replaced") {
  REQUIRE(check_and_write(to("/dev/null")));
  CHECK(fs::is_character_file("/dev/null"));
  const Result<Done> full = check_and_write(to("/dev/full"));
  REQUIRE_FALSE(full);
  CHECK(full.error().tag() == Tag::io_result);
  CHECK(full.error().err() == ENOSPC);
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("result_output: nothing is left behind by a failure") {
  const Folder folder;
  RunOptions options = to(folder.path / "gone" / "r.json");
  CHECK(check_result_destination(options).error().err() == ENOENT);
  CHECK_FALSE(write_result(options, some_outcome()));
  fs::create_directory(folder.path / "directory");
  options = to(folder.path / "directory");
  CHECK(check_result_destination(options).error().err() == EISDIR);
  CHECK_FALSE(write_result(options, some_outcome()));
  CHECK(folder.entries() == 1);
}

TEST_CASE("result_output: a descriptor must be open for writing") {
  CHECK(check_result_destination(to("fd:999")).error().err() == EBADF);
  const int reader = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(check_result_destination(to("fd:" + std::to_string(reader))).error().err() == EBADF);
  ::close(reader);

  const Folder folder;
  const int writer =
      ::open((folder.path / "r").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  REQUIRE(check_and_write(to("fd:" + std::to_string(writer))));
  ::close(writer);
  CHECK(folder.text("r").ends_with("}\n"));
}

TEST_CASE("result_output: pass writes a result only where asked") {
  RunOptions options;
  options.pass = true;
  CHECK(check_and_write(options));  // and nothing on this test's stdout
  const Folder folder;
  options.result_destination = folder.path / "r";
  options.format = Format::isolate;
  REQUIRE(check_and_write(options));
  CHECK(folder.text("r").starts_with("status:XX\n"));
}
