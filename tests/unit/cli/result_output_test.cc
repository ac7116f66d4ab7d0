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
  const Result<ResultPlace> place = find_result_place(options, {});
  return place ? write_result(options, *place, some_outcome()) : Result<Done>(place.error());
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
  CHECK(find_result_place(options, {}).error().err() == ENOENT);
  fs::create_directory(folder.path / "directory");
  options = to(folder.path / "directory");
  CHECK(find_result_place(options, {}).error().err() == EISDIR);
  CHECK(folder.entries() == 1);
}

// Red: let write_file of cli/result_output.cc open the directory by its path again.
TEST_CASE("result_output: the place is the one of before whatever its names mean afterwards") {
  const Folder folder;
  fs::create_directory(folder.path / "place");
  fs::create_directory(folder.path / "victim");
  std::ofstream(folder.path / "victim" / "r.json") << "kept";
  const RunOptions options = to(folder.path / "place" / "r.json");
  const Result<ResultPlace> place = find_result_place(options, {});
  REQUIRE(place);
  fs::create_symlink(folder.path / "victim" / "r.json", folder.path / "place" / "r.json");
  fs::rename(folder.path / "place", folder.path / "moved");
  fs::create_directory_symlink("victim", folder.path / "place");
  REQUIRE(write_result(options, *place, some_outcome()));
  CHECK(folder.text("victim/r.json") == "kept");
  CHECK(fs::is_regular_file(fs::symlink_status(folder.path / "moved" / "r.json")));
  CHECK(folder.text("moved/r.json").ends_with("}\n"));
}

// Red: leave O_PATH out of find_result_place: opening a pipe waits for its reader.
TEST_CASE("result_output: a pipe or a device is the one of before") {
  const Folder folder;
  const std::string path = folder.path / "pipe";
  REQUIRE(::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0);
  const Result<ResultPlace> place = find_result_place(to(path), {});
  REQUIRE(place);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  std::ofstream(folder.path / "victim") << "kept";
  fs::remove(path);
  fs::create_symlink("victim", path);
  REQUIRE(write_result(to(path), *place, result::Outcome()));
  CHECK(folder.text("victim") == "kept");
  char start = 0;
  CHECK(::read(reader, &start, 1) == 1);
  CHECK(start == '{');
  ::close(reader);
}

TEST_CASE("result_output: a descriptor must be open for writing") {
  CHECK(find_result_place(to("fd:999"), {}).error().err() == EBADF);
  const int reader = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(find_result_place(to("fd:" + std::to_string(reader)), {}).error().err() == EBADF);
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
