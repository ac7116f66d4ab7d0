// Why first: base/error.h and doctest both define CHECK; doctest's must be the later.
#include "policy/host_root.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "policy/inside_view.h"

using namespace sb;
using policy::Files;

namespace {

// A directory with files and links in it, removed with the object.
class Tree {
 public:
  Tree() {
    std::string name = "/tmp/sandbox-unit.XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = std::filesystem::canonical(name).string();
  }
  ~Tree() { std::filesystem::remove_all(path_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  const std::string& path() const { return path_; }
  void file(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(path_ + "/" + name).parent_path());
    std::ofstream(path_ + "/" + name) << "x";
  }
  void directory(const std::string& name) const {
    std::filesystem::create_directories(path_ + "/" + name);
  }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(path_ + "/" + name).parent_path());
    REQUIRE(symlink(target.c_str(), (path_ + "/" + name).c_str()) == 0);
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("inside view: links are followed as inside and never out") {
  const Tree tree;
  tree.file("usr/bin/busybox");
  tree.link("usr/bin/sh", "/bin/busybox");
  tree.link("usr/bin/up", "../../../../../../usr/bin/busybox");
  tree.link("usr/bin/loop", "loop");
  tree.link("usr/bin/out", tree.path() + "/secret");
  tree.file("secret");
  Files files;
  files.mounts = {{.source = tree.path() + "/usr", .target = "/usr"}};
  files.symlinks = {{.target = "usr/bin", .path = "/bin"}};
  const std::string busybox = tree.path() + "/usr/bin/busybox";
  CHECK(policy::host_path_of(files, "/usr/bin/busybox") == busybox);
  CHECK(policy::host_path_of(files, "/bin/busybox") == busybox);
  CHECK(policy::host_path_of(files, "/bin/sh") == busybox);
  CHECK(policy::host_path_of(files, "/bin/up") == busybox);
  CHECK(policy::host_path_of(files, "/bin/../bin/./sh") == busybox);
  CHECK(policy::host_path_of(files, "/bin/loop") == std::nullopt);
  CHECK(policy::host_path_of(files, "/bin/out") == std::nullopt);
  CHECK(policy::host_path_of(files, "/secret") == std::nullopt);
  CHECK(policy::host_path_of(files, "/bin/none") == tree.path() + "/usr/bin/none");
}

TEST_CASE("inside view: the nearest mount is what shows") {
  Files files;
  files.mounts = {{.source = "/host/a", .target = "/a"}, {.source = "/host/b", .target = "/a/b"}};
  files.tmpfs = {"/a/b/c"};
  CHECK(policy::host_path_of(files, "/a/x") == "/host/a/x");
  CHECK(policy::host_path_of(files, "/a/b/x") == "/host/b/x");
  CHECK(policy::host_path_of(files, "/a/b/c/x") == std::nullopt);
  CHECK(policy::inside_path_of(files, "/host/a/x") == "/a/x");
  CHECK(policy::inside_path_of(files, "/host/a/b/x") == std::nullopt);
  CHECK(policy::inside_path_of(files, "/host/b/x") == "/a/b/x");
  CHECK(policy::inside_path_of(files, "/host/bb") == std::nullopt);
  CHECK(policy::is_covered(files, "/a/z"));
  CHECK_FALSE(policy::is_covered(files, "/ab"));
}

TEST_CASE("inside view: the links of the root lead to a targets real place") {
  Files files;
  files.symlinks = {{.target = "usr/bin", .path = "/bin"}, {.target = "../..", .path = "/up"}};
  CHECK(policy::follow_root_links(files, "/bin/x") == "/usr/bin/x");
  CHECK(policy::follow_root_links(files, "/up/x") == "/x");
  CHECK(policy::follow_root_links(files, "/opt//x/./") == "/opt/x");
  files.symlinks = {{.target = "b", .path = "/a"}, {.target = "a", .path = "/b"}};
  CHECK(policy::follow_root_links(files, "/a/x") == "/a/x");
}

TEST_CASE("given root: every entry but our own and links made anew") {
  const Tree tree;
  tree.file("usr/bin/busybox");
  tree.file("a-file");
  tree.link("bin", "/usr/bin");
  tree.link("out", "/../../etc");
  tree.link("root", "/");
  tree.link("dev", "/etc");
  tree.link("proc", "/etc");
  for (const char* name : {"sys", "tmp", "run", "workspace"}) {
    tree.directory(name);
  }
  REQUIRE(mkfifo((tree.path() + "/fifo").c_str(), 0600) == 0);
  Files files;
  REQUIRE(policy::add_given_root(files, tree.path()).has_value());
  CHECK(files.root_source == tree.path());
  REQUIRE(files.mounts.size() == 2);
  CHECK(files.mounts[0] == policy::HostMount{.source = tree.path() + "/a-file",
                                             .target = "/a-file",
                                             .is_directory = false});
  CHECK(files.mounts[1] == policy::HostMount{.source = tree.path() + "/usr", .target = "/usr"});
  REQUIRE(files.symlinks.size() == 3);
  CHECK(files.symlinks[0].path == "/bin");
  CHECK(files.symlinks[0].target == "usr/bin");
  CHECK(files.symlinks[1].target == "../../etc");
  CHECK(files.symlinks[2].target == ".");
}

TEST_CASE("given root: what is no directory is refused with a remedy") {
  const Tree tree;
  tree.file("root.tar");
  Files files;
  const auto archive = policy::add_given_root(files, tree.path() + "/root.tar");
  REQUIRE_FALSE(archive.has_value());
  CHECK(archive.error().tag() == Tag::files_source);
  CHECK(archive.error().hint().find("unpack") != std::string_view::npos);
  const auto missing = policy::add_given_root(files, tree.path() + "/none");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().err() == ENOENT);
}
