// What we write is read by the tar of the host.
#include "files/tar_header.h"

#include <array>
#include <cstdio>

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

#include "unit/sys/tree.h"

namespace {

using sb::files::TarMember;
using sb::files::TarMemberKind;

std::string listed(const Tree& tree, const std::string& archive) {
  std::ofstream(tree.at("t.tar")) << archive;
  const std::string command =
      "TZ=UTC tar --numeric-owner --full-time -tvf " + tree.at("t.tar").string() + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
    text += line.data();
  }
  ::pclose(pipe);
  return text;
}

std::string archive_of(const TarMember& member, const std::string& bytes = "") {
  std::string archive;
  sb::files::append_tar_header(member, archive);
  archive += bytes;
  sb::files::append_tar_padding(bytes.size(), archive);
  sb::files::append_tar_end(archive);
  return archive;
}

}  // namespace

// Red: append_block() without the max of mtime, or a sum that leaves out a byte.
TEST_CASE("tar header: files and directories and links are what tar lists") {
  const Tree tree;
  CHECK(listed(tree, archive_of({.name = "f", .mode = 0644, .size = 5, .mtime = 86400}, "hello")) ==
        "-rw-r--r-- 0/0               5 1970-01-02 00:00:00 f\n");
  CHECK(listed(tree, archive_of({.name = "d/", .kind = TarMemberKind::directory, .mode = 0755})) ==
        "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 d/\n");
  CHECK(listed(tree, archive_of({.name = "l",
                                 .kind = TarMemberKind::symlink,
                                 .mode = 0777,
                                 .mtime = -5,
                                 .link = "to"})) ==
        "lrwxrwxrwx 0/0               0 1970-01-01 00:00:00 l -> to\n");
}

// Red: append_long() never, or only for more than 101 bytes.
TEST_CASE("tar header: names of any length and bytes come back") {
  const Tree tree;
  for (const std::size_t length : {99U, 100U, 101U, 511U, 512U, 4000U}) {
    CAPTURE(length);
    const std::string name(length, 'n');
    const std::string link(length, 'k');
    const std::string text = listed(
        tree, archive_of({.name = name, .kind = TarMemberKind::symlink, .mode = 0, .link = link}));
    CHECK(text.ends_with(" " + name + " -> " + link + "\n"));
  }
}

// Red: put_number() cuts what does not fit.
TEST_CASE("tar header: sizes beyond eight gigabytes and times beyond 2242 fit") {
  std::string archive;
  sb::files::append_tar_header({.name = "f", .size = 1ULL << 40, .mtime = 1LL << 35}, archive);
  const Tree tree;
  CHECK(listed(tree, archive).find("1099511627776 3058-") != std::string::npos);
}
